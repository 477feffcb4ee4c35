//! Files come over good and bad connections, whole and right or not at all.

#![cfg(feature = "fetch")]

mod server;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use impasto_network::checksum::Checksum;
use impasto_network::fetch::{Fetch, FetchError, FetchEvent, MirrorFault, Patience};
use server::{Answer, Request, Server};

const LENGTH: usize = 200_000;

/// Patience for servers that answer at once.
const QUICK: Patience =
    Patience { silence: Duration::from_millis(300), retries: 2, pause: Duration::from_millis(1) };

/// The file that all tests are after.
fn file() -> Vec<u8> {
    (0..LENGTH as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn checksum_of(bytes: &[u8]) -> Checksum {
    let mut hasher = Checksum::sha256(&"0".repeat(64)).hasher();
    hasher.update(bytes);
    hasher.finish()
}

/// Fetches the file from these mirrors. Also returns the bytes at hand over time.
fn fetch_all(mirrors: &[String], path: &Path) -> (Result<(), FetchError>, Vec<u64>) {
    let mut received = Vec::new();
    let fetch = Fetch { mirrors, bytes: LENGTH as u64, checksum: checksum_of(&file()), patience: QUICK };
    let outcome = fetch.to(path, &mut |event| {
        if let FetchEvent::Received { received: now, bytes } = event {
            assert_eq!(bytes, LENGTH as u64);
            received.push(now);
        }
    });
    (outcome, received)
}

fn fetch(mirrors: &[String], path: &Path) -> Result<(), FetchError> {
    fetch_all(mirrors, path).0
}

/// The faults of the mirrors where none gave the file.
fn faults(outcome: Result<(), FetchError>) -> Vec<MirrorFault> {
    match outcome {
        Err(FetchError::NoSource { faults }) => faults.into_iter().map(|(_, fault)| fault).collect(),
        other => panic!("{other:?}"),
    }
}

/// A folder for the file, and where in it.
fn place() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.part");
    (folder, path)
}

/// From where each request wanted the file.
fn starts(server: &Server) -> Vec<Option<usize>> {
    server.requests().into_iter().map(|request| request.from).collect()
}

#[test]
fn a_file_comes_whole() {
    let server = Server::start(|request| Answer::part(&file(), request));
    let (_folder, path) = place();
    let (outcome, received) = fetch_all(&[server.url("weights")], &path);
    outcome.unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    assert_eq!((received[0], *received.last().unwrap()), (0, LENGTH as u64));
    assert!(received.is_sorted());
    // What is there already is not asked for again.
    fetch(&[server.url("weights")], &path).unwrap();
    assert_eq!(starts(&server), [None]);
}

#[test]
fn a_partial_file_is_continued() {
    let server = Server::start(|request| Answer::part(&file(), request));
    let (_folder, path) = place();
    fs::write(&path, &file()[..70_000]).unwrap();
    let (outcome, received) = fetch_all(&[server.url("weights")], &path);
    outcome.unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    assert_eq!(received[0], 70_000);
    assert_eq!(starts(&server), [Some(70_000)]);
}

#[test]
fn a_partial_file_of_something_else_is_fetched_anew() {
    let server = Server::start(|request| Answer::part(&file(), request));
    let (_folder, path) = place();
    fs::write(&path, [7; 70_000]).unwrap();
    fetch(&[server.url("weights")], &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    assert_eq!(starts(&server), [Some(70_000), None]);
    for wrong in [LENGTH, LENGTH + 1] {
        fs::write(&path, vec![7; wrong]).unwrap();
        fetch(&[server.url("weights")], &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), file());
    }
}

#[test]
fn servers_that_cannot_continue_begin_anew() {
    let no_parts = |_: &Request| Answer::whole(&file());
    let from_another_byte = |request: &Request| match request.from {
        None => Answer::whole(&file()),
        Some(from) => Answer::part(&file(), &Request { from: Some(from - 1), ..request.clone() }),
    };
    let refuses = |request: &Request| match request.from {
        None => Answer::whole(&file()),
        Some(_) => Answer::without_file("416 Range Not Satisfiable"),
    };
    let servers = [Server::start(no_parts), Server::start(from_another_byte), Server::start(refuses)];
    for server in servers {
        let (_folder, path) = place();
        fs::write(&path, &file()[..70_000]).unwrap();
        fetch(&[server.url("weights")], &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), file());
    }
}

#[test]
fn a_connection_that_is_cut_is_continued() {
    let server = Server::start(|request| match request.number {
        0..5 => Answer::part(&file(), request).cut_after(30_000),
        _ => Answer::part(&file(), request),
    });
    let (_folder, path) = place();
    // More cuts than retries: each brings the file further.
    fetch(&[server.url("weights")], &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    let expected: Vec<Option<usize>> =
        [None].into_iter().chain((1..=5).map(|piece| Some(30_000 * piece))).collect();
    assert_eq!(starts(&server), expected);
}

#[test]
fn a_server_that_hangs_up_is_asked_again() {
    let server = Server::start(|request| match request.number {
        0 => panic!("a server that fails within a request"),
        _ => Answer::part(&file(), request),
    });
    let (_folder, path) = place();
    fetch(&[server.url("weights")], &path).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_arrived_before_the_last_cut_stays() {
    let server = Server::start(|request| match request.number {
        0 => Answer::part(&file(), request).cut_after(30_000),
        _ => Answer::part(&file(), request).cut_after(0),
    });
    let (_folder, path) = place();
    let faults = faults(fetch(&[server.url("weights")], &path));
    assert!(matches!(faults[..], [MirrorFault::Cut { received: 30_000, .. }]), "{faults:?}");
    assert_eq!(fs::read(&path).unwrap(), file()[..30_000]);
    assert_eq!(server.requests().len(), 1 + QUICK.retries as usize);
}

#[test]
fn a_silent_connection_is_made_again() {
    let long = Duration::from_secs(20);
    let server = Server::start(move |request| match request.number {
        0 => Answer::part(&file(), request).cut_after(30_000).silent_for(long),
        _ => Answer::part(&file(), request),
    });
    let (_folder, path) = place();
    let begun = Instant::now();
    fetch(&[server.url("weights")], &path).unwrap();
    assert!(begun.elapsed() < long / 2, "{:?}", begun.elapsed());
    assert_eq!(starts(&server), [None, Some(30_000)]);

    let server = Server::start(move |request| Answer::part(&file(), request).cut_after(0).silent_for(long));
    let (_folder, path) = place();
    let faults = faults(fetch(&[server.url("weights")], &path));
    assert!(matches!(faults[..], [MirrorFault::Silent { received: 0, .. }]), "{faults:?}");
    assert_eq!(server.requests().len(), 1, "who stalls is not asked again");
}

#[test]
fn another_length_is_another_file() {
    for wrong in [LENGTH - 1, LENGTH + 1] {
        let server = Server::start(move |_| Answer::whole(&vec![1; wrong]));
        let (_folder, path) = place();
        fs::write(&path, &file()[..70_000]).unwrap();
        let faults = faults(fetch(&[server.url("weights")], &path));
        let [MirrorFault::Length { found, expected }] = faults[..] else { panic!("{faults:?}") };
        assert_eq!((found, expected), (wrong as u64, LENGTH as u64));
        assert_eq!(fs::read(&path).unwrap(), file()[..70_000], "what was there is not touched");
    }
}

#[test]
fn a_file_without_an_announced_length_may_not_go_on_for_ever() {
    let endless = |_: &Request| Answer {
        head: "HTTP/1.1 200 OK".to_owned(),
        body: [file(), file()].concat(),
        silence: Duration::ZERO,
    };
    let server = Server::start(endless);
    let (_folder, path) = place();
    let faults = faults(fetch(&[server.url("weights")], &path));
    assert!(matches!(faults[..], [MirrorFault::Length { .. }]), "{faults:?}");
}

#[test]
fn wrong_contents_are_not_kept() {
    let damaged = || {
        let mut damaged = file();
        damaged[123_456] ^= 1;
        damaged
    };
    let server = Server::start(move |request| Answer::part(&damaged(), request));
    let (_folder, path) = place();
    let outcome = fetch(&[server.url("weights")], &path);
    let message = outcome.as_ref().unwrap_err().to_string();
    assert!(message.contains(&checksum_of(&file()).to_string()), "{message}");
    assert!(matches!(faults(outcome)[..], [MirrorFault::Contents { .. }]));
    assert!(!path.exists());
    assert_eq!(server.requests().len(), 1, "nothing would be different the next time");
}

#[test]
fn mirrors_are_tried_in_turn() {
    let missing = Server::start(|_| Answer::without_file("404 Not Found"));
    let half = Server::start(|request| match request.from {
        None => Answer::part(&file(), request).cut_after(LENGTH / 2),
        Some(_) => Answer::without_file("503 Service Unavailable"),
    });
    let good = Server::start(|request| Answer::part(&file(), request));
    let gone = {
        let short_lived = Server::start(|_| Answer::without_file("404 Not Found"));
        short_lived.url("weights")
    };
    let (_folder, path) = place();
    let bad = [missing.url("weights"), gone, half.url("weights")];
    fetch(&[&bad[..], &[good.url("weights")]].concat(), &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    assert_eq!(missing.requests().len(), 1);
    assert_eq!(starts(&good), [Some(LENGTH / 2)], "one mirror continues what another began");

    let (_folder, path) = place();
    let outcome = fetch(&bad, &path);
    let message = outcome.as_ref().unwrap_err().to_string();
    for part in ["answers with HTTP status 404 (no such file)", "cannot be reached", "503"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(faults(outcome).len(), 3);
}

#[test]
fn redirections_are_followed() {
    let there = Server::start(|request| Answer::part(&file(), request));
    let address = there.url("moved");
    let here = Server::start(move |_| Answer::without_file(&format!("302 Found\r\nLocation: {address}")));
    let (_folder, path) = place();
    fs::write(&path, &file()[..70_000]).unwrap();
    fetch(&[here.url("weights")], &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), file());
    let requests = there.requests();
    assert_eq!((requests[0].path.as_str(), requests[0].from), ("/moved", Some(70_000)));

    let round = Server::start(|_| Answer::without_file("302 Found\r\nLocation: /weights"));
    let (_folder, path) = place();
    let faults = faults(fetch(&[round.url("weights")], &path));
    assert!(matches!(faults[..], [MirrorFault::Unreachable(_)]), "{faults:?}");
}

#[test]
fn answers_that_are_no_http_are_faults_of_the_mirror() {
    let server = Server::start(|_| Answer {
        head: "220 ftp.example.org ready".to_owned(),
        body: Vec::new(),
        silence: Duration::ZERO,
    });
    let (_folder, path) = place();
    assert_eq!(faults(fetch(&[server.url("weights")], &path)).len(), 1);
    assert_eq!(faults(fetch(&["no address".to_owned()], &path)).len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_stops_at_once() {
    let server = Server::start(|request| Answer::part(&file(), request));
    let (folder, _) = place();
    let error = fetch(&[server.url("weights")], folder.path()).unwrap_err();
    assert!(matches!(error, FetchError::NotWritable { .. }), "{error}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn two_do_not_fetch_the_same_file_at_once() {
    let server = Server::start(|request| Answer::part(&file(), request));
    let (_folder, path) = place();
    let other = fs::File::create(&path).unwrap();
    other.lock().unwrap();
    let error = fetch(&[server.url("weights")], &path).unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    drop(other);
    fetch(&[server.url("weights")], &path).unwrap();
}
