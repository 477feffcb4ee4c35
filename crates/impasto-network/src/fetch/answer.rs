//! One request to one mirror, and what its answer adds to the partial file.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode};
use ureq::{Agent, Body, Timeout};

use super::partial_file::PartialFile;
use super::{FetchError, FetchEvent, MirrorFault, Patience};

/// Why an answer did not bring the rest of the file.
pub(super) enum Interruption {
    /// The mirror is at fault.
    Mirror(MirrorFault),
    /// The partial file is, so no other mirror helps.
    Here(FetchError),
}

impl From<MirrorFault> for Interruption {
    fn from(fault: MirrorFault) -> Self {
        Interruption::Mirror(fault)
    }
}

impl From<FetchError> for Interruption {
    fn from(error: FetchError) -> Self {
        Interruption::Here(error)
    }
}

/// What makes requests to `url`: proxies are those of the environment, and a secure address never leads to an
/// insecure one.
pub(super) fn agent(url: &str, patience: &Patience) -> Agent {
    Agent::config_builder()
        .user_agent(concat!("impasto/", env!("CARGO_PKG_VERSION")))
        .https_only(url.starts_with("https://"))
        .http_status_as_error(false)
        .timeout_connect(Some(patience.silence))
        .timeout_recv_response(Some(patience.silence))
        .timeout_per_read(Some(patience.silence))
        .build()
        .into()
}

/// Asks for the rest of a file of `bytes` bytes and appends it. What the server cannot continue begins anew.
pub(super) fn receive(
    agent: &Agent,
    url: &str,
    part: &mut PartialFile,
    bytes: u64,
    patience: &Patience,
    observe: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), Interruption> {
    let mut request = agent.get(url).header("Accept-Encoding", "identity");
    if part.length() > 0 {
        request = request.header("Range", format!("bytes={}-", part.length()));
    }
    let response = request.call().map_err(|error| fault(error, part.length(), bytes, patience.silence))?;
    match response.status() {
        StatusCode::OK => {
            let length = header(response.headers(), "content-length").and_then(|text| text.parse().ok());
            check_length(length, bytes)?;
            part.restart()?;
        }
        StatusCode::PARTIAL_CONTENT => {
            let (start, length) = content_range(response.headers());
            check_length(length, bytes)?;
            if start != Some(part.length()) {
                // Not what was asked for; from the beginning it can do no harm.
                part.restart()?;
                return Err(MirrorFault::Cut { received: 0, bytes }.into());
            }
            part.continued();
        }
        StatusCode::RANGE_NOT_SATISFIABLE if part.length() > 0 => {
            part.restart()?;
            return Err(MirrorFault::Cut { received: 0, bytes }.into());
        }
        status => return Err(MirrorFault::Status(status.as_u16()).into()),
    }
    append(response.into_body(), part, bytes, patience.silence, observe)
}

/// Appends a body that should bring the file to `bytes` bytes.
fn append(
    body: Body,
    part: &mut PartialFile,
    bytes: u64,
    silence: Duration,
    observe: &mut dyn FnMut(FetchEvent<'_>),
) -> Result<(), Interruption> {
    let mut body = body.into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        observe(FetchEvent::Received { received: part.length(), bytes });
        match body.read(&mut buffer) {
            Ok(0) if part.length() == bytes => return Ok(()),
            Ok(0) => return Err(MirrorFault::Cut { received: part.length(), bytes }.into()),
            Ok(read) => {
                let found = part.length() + read as u64;
                if found > bytes {
                    part.restart()?;
                    return Err(MirrorFault::Length { found, expected: bytes }.into());
                }
                part.append(&buffer[..read])?;
            }
            Err(error) => {
                return Err(match ureq::Error::from(error) {
                    error @ ureq::Error::Timeout(_) => fault(error, part.length(), bytes, silence),
                    _ => MirrorFault::Cut { received: part.length(), bytes },
                }
                .into());
            }
        }
    }
}

/// What a failed request says of the mirror.
fn fault(error: ureq::Error, received: u64, bytes: u64, silence: Duration) -> MirrorFault {
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            MirrorFault::Unreachable(format!("no connection within {} s", silence.as_secs_f32()))
        }
        ureq::Error::Timeout(_) => MirrorFault::Silent { patience: silence, received },
        ureq::Error::Protocol(_) => MirrorFault::Cut { received, bytes },
        ureq::Error::Io(error) if is_cut(error.kind()) => MirrorFault::Cut { received, bytes },
        ureq::Error::Io(error) => MirrorFault::Unreachable(error.to_string()),
        ureq::Error::HostNotFound => MirrorFault::Unreachable("the host is unknown".to_owned()),
        error => MirrorFault::Unreachable(error.to_string()),
    }
}

/// Whether a connection that was there is so no more.
fn is_cut(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// An error if a server announces another length than the file has.
fn check_length(announced: Option<u64>, expected: u64) -> Result<(), MirrorFault> {
    match announced {
        Some(found) if found != expected => Err(MirrorFault::Length { found, expected }),
        _ => Ok(()),
    }
}

/// First byte and length of the whole in `Content-Range: bytes 100-199/200`, as far as they are told.
fn content_range(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let range = header(headers, "content-range").and_then(|range| range.strip_prefix("bytes "));
    let Some((range, length)) = range.and_then(|range| range.split_once('/')) else { return (None, None) };
    (range.split_once('-').and_then(|(start, _)| start.parse().ok()), length.parse().ok())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
