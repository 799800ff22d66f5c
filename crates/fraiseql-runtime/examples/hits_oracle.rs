//! Oracle of hits from memory: readers and writers of one database, and their stale hits.
//!
//! Counters only grow. A writer notes each count whose commit was acknowledged; a hit must have at
//! least the count that was noted before its request. Arguments: a file with the setup as JSON, and
//! the rule to leave out, which must be found: `rides`, `late` or `ignores`.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fraiseql_runtime::{Engine, Method, NewValue, Request, Server, StatementPair};
use serde::Deserialize;
use tokio_postgres::{Client, NoTls};

type Failure = Box<dyn Error + Send + Sync>;

const KEYS: usize = 8;
const BODY: usize = 8;

#[derive(Clone, Deserialize)]
struct Setup {
    /// For the connections of the oracle.
    url: String,
    /// For the checks.
    address: String,
    loaded: i64,
    started: i64,
    probe: String,
    statement: String,
    seconds: u64,
    readers: u64,
    writers: u64,
}

/// State that readers share.
struct Oracle {
    engine: Engine,
    noted: Arc<[AtomicU64; KEYS]>,
    mutant: String,
    hits: AtomicU64,
    stale: AtomicU64,
    ids: AtomicU64,
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name the file with the setup")?;
    let setup: Setup = serde_json::from_slice(&std::fs::read(path)?)?;
    let noted: Arc<[AtomicU64; KEYS]> = Arc::default();
    let end = Instant::now() + Duration::from_secs(setup.seconds);
    let writers: Vec<_> = (0..setup.writers)
        .map(|seed| {
            let (setup, noted) = (setup.clone(), Arc::clone(&noted));
            thread::spawn(move || runtime()?.block_on(write(&setup, &noted, seed, end)))
        })
        .collect();
    let mutant = arguments.next().unwrap_or_default();
    runtime()?.block_on(read(setup, noted, mutant, end))?;
    for writer in writers {
        writer.join().map_err(|_| "a writer has failed")??;
    }
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn connect(setup: &Setup) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(&setup.url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Writes, and notes acknowledged counts; some transactions stay open for a moment.
async fn write(
    setup: &Setup,
    noted: &[AtomicU64; KEYS],
    seed: u64,
    end: Instant,
) -> Result<(), Failure> {
    let client = connect(setup).await?;
    let mut random = Random(seed + 77);
    while Instant::now() < end {
        let key = random.below(KEYS);
        let pause = [0, 0, 0, 1, 3][random.below(5)];
        let sql = format!(
            "BEGIN; INSERT INTO fraiseql.changes (tag, xid, at) VALUES ('k{key}', pg_current_xact_id(), now()); \
             UPDATE oracle_counter SET n = n + 1 WHERE id = {key}; SELECT pg_sleep({pause} / 1e3)"
        );
        client.batch_execute(&sql).await?;
        let n = count(&client, key).await?;
        client.batch_execute("COMMIT").await?;
        noted[key].fetch_max(n, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok(())
}

async fn count(client: &Client, key: usize) -> Result<u64, Failure> {
    let key = i32::try_from(key)?;
    let row = client.query_one("SELECT n FROM oracle_counter WHERE id = $1", &[&key]).await?;
    Ok(u64::try_from(row.get::<_, i64>(0))?)
}

async fn read(
    setup: Setup,
    noted: Arc<[AtomicU64; KEYS]>,
    mutant: String,
    end: Instant,
) -> Result<(), Failure> {
    let ids = AtomicU64::new(1);
    let (hits, stale) = (AtomicU64::new(0), AtomicU64::new(0));
    let oracle = Arc::new(Oracle { engine: Engine::new(), noted, mutant, hits, stale, ids });
    oracle.engine.hits().configure(1_000_000, &[1]);
    #[cfg(feature = "mutants")]
    oracle.engine.hits().ride_on_sent_checks(oracle.mutant == "rides");
    let pair =
        StatementPair { watch: 1, probe: setup.probe.clone(), statement: setup.statement.clone() };
    let server =
        Server { address: setup.address.clone(), loaded: setup.loaded, started: setup.started };
    oracle.engine.hits().check(server, pair, Duration::ZERO);
    let readers: Vec<_> = (0..setup.readers)
        .map(|seed| tokio::spawn(ask_until(Arc::clone(&oracle), setup.clone(), seed, end)))
        .collect();
    for reader in readers {
        reader.await??;
    }
    let mut said = String::new();
    let totals = oracle.engine.hits().totals();
    write!(
        said,
        r#"{{"hits": {}, "stale": {}, "computed": {}, "checks": {}}}"#,
        oracle.hits.load(Ordering::SeqCst),
        oracle.stale.load(Ordering::SeqCst),
        oracle.ids.load(Ordering::SeqCst),
        totals.checks
    )?;
    println!("{said}");
    Ok(())
}

async fn ask_until(
    oracle: Arc<Oracle>,
    setup: Setup,
    seed: u64,
    end: Instant,
) -> Result<(), Failure> {
    let client = connect(&setup).await?;
    let mut random = Random(seed + 1_001);
    while Instant::now() < end {
        let key = random.below(KEYS);
        ask(&oracle, &client, key).await?;
        if random.below(50) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    Ok(())
}

/// Asks for one key; computes and remembers a value that is not in memory.
async fn ask(oracle: &Oracle, client: &Client, key: usize) -> Result<(), Failure> {
    let hits = oracle.engine.hits();
    let least = oracle.noted[key].load(Ordering::SeqCst);
    let request = Request {
        method: Method::Post,
        query: Bytes::new(),
        headers: Vec::new(),
        body: Bytes::from(format!("{key}")),
    };
    if let Some(response) = oracle.engine.answer(&request).await {
        let bytes: [u8; BODY] = response.body.as_ref().try_into()?;
        oracle.hits.fetch_add(1, Ordering::SeqCst);
        if u64::from_le_bytes(bytes) < least {
            oracle.stale.fetch_add(1, Ordering::SeqCst);
        }
        return Ok(());
    }
    let mut begun = hits.begin();
    let n = count(client, key).await?;
    if oracle.mutant == "late" {
        tokio::time::sleep(Duration::from_millis(1)).await;
        begun = hits.begin();
    }
    let Some(begun) = begun else {
        tokio::time::sleep(Duration::from_millis(1)).await;
        return Ok(());
    };
    let tag = if oracle.mutant == "ignores" { "none".into() } else { format!("k{key}").into() };
    let id = oracle.ids.fetch_add(1, Ordering::SeqCst);
    let body = Bytes::copy_from_slice(&n.to_le_bytes());
    hits.remember(
        &request,
        NewValue { id, client: 0, begun, watch: 1, tags: vec![tag], headers: Vec::new(), body },
    );
    Ok(())
}
