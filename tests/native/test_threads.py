"""Rendering in threads: the GIL is released, and results do not mix."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fraiseql_rs import LargeText, check_json

from .shapes import field, leaf, numbers, shape


def objects(count: int, seed: int) -> bytes:
    document = {"id": seed, "name": "é" * 20, "skipped": {"list": [1, 2, {"a": "b"}] * 10}}
    return json.dumps([document] * count, ensure_ascii=False).encode()


def test_two_threads_share_a_shape() -> None:
    compiled = shape(
        {"kind": "list", "item": 2, "item_nullable": False},
        {"kind": "object", "type": "A", "fields": [field(1, "name", 4), field(2, "id", 3)]},
        leaf("Int"),
        leaf("String"),
    )

    def render(seed: int) -> None:
        body, errors, _ = compiled.render([[objects(200 + seed, seed)]])
        assert errors is None
        expected = [{"name": "é" * 20, "id": seed}] * (200 + seed)
        assert json.loads(body) == {"data": {"x": expected}}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(render, range(100)))


def test_python_goes_on_while_two_threads_render() -> None:
    """Seen from a third thread: it ticks many times inside one long render."""
    document = b"[" + b'"skip this text, which is long",' * 4_000_000 + b"1]"
    compiled = shape(leaf("any"))
    spans: list[tuple[float, float]] = []

    def render() -> None:
        start = time.perf_counter()
        compiled.render([[document]])
        spans.append((start, time.perf_counter()))

    threads = [threading.Thread(target=render) for _ in range(2)]
    ticks = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        ticks.append(time.perf_counter())
        time.sleep(0.001)
    for thread in threads:
        thread.join()
    inside = [tick for tick in ticks if any(start < tick < end for start, end in spans)]
    assert len(spans) == len(threads)
    # With the GIL held there could be none but at the edges: two of each render.
    assert len(inside) > 8
    (first, second) = sorted(spans)
    assert second[0] < first[1], "the two renders ran one after the other"


def test_input_may_be_dropped_while_it_is_rendered() -> None:
    compiled = numbers()
    rows = [str(n) for n in range(200_000)]
    stop = threading.Event()

    def empty_the_list() -> None:
        while not stop.is_set():
            rows.clear()
            rows.extend(str(n) for n in range(1000))

    thread = threading.Thread(target=empty_the_list)
    thread.start()
    try:
        for _ in range(20):
            body, errors, _ = compiled.render([[rows]])
            check_json(body)
            assert errors is None
    finally:
        stop.set()
        thread.join()


def test_a_hundred_megabytes() -> None:
    text = b'"' + b"x" * 1_000_000 + b'"'
    compiled = shape({"kind": "list", "item": 2, "item_nullable": True}, leaf("String"))
    body, errors, _ = compiled.render([[[text] * 100]])
    assert errors is None
    assert len(body) == 100 * len(text) + 99 + len(b'{"data":{"x":[]}}')
    assert isinstance(body, LargeText)
    check_json(body.piece(0, len(body)))


def test_deep_documents() -> None:
    deep = b"[" * 10_000 + b"]" * 10_000
    document = b'{"skipped": ' + deep + b', "raw": ' + deep + b"}"
    compiled = shape({"kind": "object", "type": "A", "fields": [field(1, "raw", 2)]}, leaf("any"))
    assert compiled.render([[document]])[0] == b'{"data":{"x":{"raw":' + deep + b"}}}"
