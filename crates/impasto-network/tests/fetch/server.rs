//! A web server on this machine that behaves as badly as a test wants.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The path, from the slash on; the whole address if it came through a proxy.
    pub path: String,
    /// The first byte of a `Range` that has no end.
    pub from: Option<usize>,
    /// How many requests came before this one.
    pub number: usize,
}

/// What it gets.
pub struct Answer {
    /// Everything up to the empty line, without it.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
    /// How long the connection stays open after it, with nothing coming.
    pub silence: Duration,
}

impl Answer {
    /// The file, or the part of it asked for, as a good server gives it.
    pub fn part(file: &[u8], request: &Request) -> Answer {
        match request.from {
            None => Answer::whole(file),
            Some(from) => Answer {
                head: format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}\r\nContent-Length: {}",
                    file.len() - 1,
                    file.len(),
                    file.len() - from
                ),
                body: file[from..].to_vec(),
                silence: Duration::ZERO,
            },
        }
    }

    /// The file from its beginning, whatever was asked for.
    pub fn whole(file: &[u8]) -> Answer {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}", file.len());
        Answer { head, body: file.to_vec(), silence: Duration::ZERO }
    }

    /// No file, but this status line and header.
    pub fn without_file(head: &str) -> Answer {
        Answer {
            head: format!("HTTP/1.1 {head}\r\nContent-Length: 0"),
            body: vec![],
            silence: Duration::ZERO,
        }
    }

    /// The same, but the connection closes after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Answer {
        self.body.truncate(bytes);
        self
    }

    /// The same, but the connection stays open afterwards.
    pub fn silent_for(self, silence: Duration) -> Answer {
        Answer { silence, ..self }
    }
}

/// A server; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server that answers with what `answer` makes of each request.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let server = Server { address, requests: requests.clone(), ended: ended.clone() };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let (answer, requests) = (answer.clone(), requests.clone());
                thread::spawn(move || serve(stream.unwrap(), &*answer, &requests));
            }
        });
        server
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a file.
    pub fn url(&self, file: &str) -> String {
        format!("{}/{file}", self.origin())
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request and answers it. A client that goes away is no concern of the server.
fn serve(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Answer, requests: &Mutex<Vec<Request>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range = head
        .iter()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let from = range.and_then(|range| range.strip_suffix('-')?.parse().ok());
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let request = {
        let mut requests = requests.lock().unwrap();
        let request = Request { path, from, number: requests.len() };
        requests.push(request.clone());
        request
    };
    let Answer { head, body, silence } = answer(&request);
    let _ = write!(stream, "{head}\r\nConnection: close\r\n\r\n").and_then(|()| stream.write_all(&body));
    thread::sleep(silence);
}
