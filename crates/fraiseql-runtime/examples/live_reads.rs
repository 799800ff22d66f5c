//! Measures repeated reads without HTTP: `live_reads SETTINGS TARGET PLAN BODY... `.
//!
//! Each argument names a file: the JSON texts that Python hands over, and bodies of requests, which
//! are sent in turn by 1, 16 and 128 concurrent clients.

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fraiseql_runtime::{Engine, Method, Request};
use futures_util::future::join_all;

const LEVELS: [usize; 3] = [1, 16, 128];
const SECONDS: u64 = 3;
const TICKS: f64 = 100.0;

/// Seconds of processor time of a process.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

async fn client(engine: &Engine, requests: &[Request], first: usize, end: Instant) -> usize {
    let mut answers = 0;
    while Instant::now() < end {
        let request = &requests[(first + answers * 7) % requests.len()];
        assert!(engine.answer(request).await.is_some(), "a request was left to Python");
        answers += 1;
        tokio::task::yield_now().await;
    }
    answers
}

async fn measure(engine: &Engine, requests: &[Request], clients: usize) {
    let (start, before) = (Instant::now(), processor_seconds());
    let end = start + Duration::from_secs(SECONDS);
    let answers: usize =
        join_all((0..clients).map(|number| client(engine, requests, number * 31, end)))
            .await
            .into_iter()
            .sum();
    let (seconds, used) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
    #[allow(clippy::cast_precision_loss)]
    let count = answers as f64;
    println!(
        "{clients:4} clients: {:8.0} answers/s, {:6.1} us of this process each",
        count / seconds,
        used / count * 1e6
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<Vec<u8>> = std::env::args().skip(1).map(fs::read).collect::<Result<_, _>>()?;
    let [settings, target, plan, bodies @ ..] = files.as_slice() else {
        return Err("SETTINGS TARGET PLAN BODY...".into());
    };
    let engine = Arc::new(Engine::new());
    engine.configure(settings)?;
    engine.connect(target)?;
    engine.add(engine.begin(), plan)?;
    engine.accept(None, "application/json; charset=utf-8".into());
    engine.json("application/json".into());
    let headers = vec![("content-type".into(), "application/json".into())];
    let requests: Vec<Request> = bodies
        .iter()
        .map(|body| Request {
            method: Method::Post,
            query: bytes::Bytes::new(),
            headers: headers.clone(),
            body: body.clone().into(),
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        engine.warm().await;
        for clients in LEVELS {
            measure(&engine, &requests, clients).await;
        }
    });
    Ok(())
}
