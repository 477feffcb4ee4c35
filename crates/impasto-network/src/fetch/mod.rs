//! Fetches one file over HTTP from the first of several mirrors that has it, in one piece or many.
//!
//! What arrives is appended to a partial file, and its checksum computed on the way. A connection that is cut
//! or falls silent is made again and continues there (`Range`, RFC 9110, section 14), as does a later run; a
//! server that cannot continue begins anew. Whether pieces fit together needs no `ETag`: the checksum of the
//! whole is known before. If it is not met, what was pieced together is fetched once more in one go, before
//! the mirror is given up.
//!
//! Proxies are those of `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, also in lower case, of the
//! kinds `http://` and `socks5://`.

mod answer;
mod error;
mod partial_file;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use answer::Interruption;
pub use error::{FetchError, MirrorFault};
use partial_file::PartialFile;

use crate::checksum::Checksum;

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Fetch<'a> {
    /// Where it is, to be tried in this order.
    pub mirrors: &'a [String],
    /// Its length.
    pub bytes: u64,
    /// Its checksum.
    pub checksum: Checksum,
    /// When to lose patience with a mirror.
    pub patience: Patience,
}

/// When to lose patience with a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Longest time without a connection, an answer or further bytes. A mirror that brought nothing before it is given
    /// up. Default 30 s.
    pub silence: Duration,
    /// How often in a row a mirror is asked again without getting further. Default 4.
    pub retries: u32,
    /// Pause before the first of these; it doubles each time. Default 1 s.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { silence: Duration::from_secs(30), retries: 4, pause: Duration::from_secs(1) }
    }
}

/// What happens while a file is fetched.
#[derive(Debug)]
pub enum FetchEvent<'a> {
    /// A mirror is asked for the file, or the rest of it.
    Asking {
        /// Its address.
        url: &'a str,
    },
    /// Bytes have arrived. Their count starts at what an earlier run left, and falls to 0 where a server
    /// cannot continue.
    Received {
        /// Bytes at hand.
        received: u64,
        /// Length of the file.
        bytes: u64,
    },
    /// All has arrived, in pieces that do not fit together; the file is fetched once more in one go.
    BegunAnew {
        /// What shows it.
        fault: &'a MirrorFault,
    },
    /// The mirror will be asked again.
    Waiting {
        /// What was wrong.
        fault: &'a MirrorFault,
        /// After this time.
        pause: Duration,
    },
    /// The mirror is given up for the next one.
    GivenUp {
        /// Its address.
        url: &'a str,
        /// What was wrong.
        fault: &'a MirrorFault,
    },
}

impl Fetch<'_> {
    /// Brings the file to `path`, continuing with what is there. When this returns without an error, the
    /// whole file is there, and right.
    ///
    /// # Errors
    /// If the file cannot be written, another process is writing it, or no mirror gives the right file. What
    /// had arrived stays, unless it was wrong.
    pub fn to(&self, path: &Path, observe: &mut dyn FnMut(FetchEvent<'_>)) -> Result<(), FetchError> {
        let mut part = PartialFile::open(path, self.checksum)?;
        if part.length() == self.bytes && part.check().is_ok() {
            return Ok(());
        }
        if part.length() >= self.bytes {
            part.restart()?;
        }
        let mut faults = Vec::new();
        for (index, url) in self.mirrors.iter().enumerate() {
            match self.fetch_from(url, &mut part, observe) {
                Ok(()) => return part.sync(),
                Err(Interruption::Here(error)) => return Err(error),
                Err(Interruption::Mirror(fault)) => {
                    if index + 1 < self.mirrors.len() {
                        observe(FetchEvent::GivenUp { url, fault: &fault });
                    }
                    faults.push((url.clone(), fault));
                }
            }
        }
        if part.length() == 0 {
            drop(part);
            // Of no use, and no harm where it cannot be removed.
            let _ = fs::remove_file(path);
        }
        Err(FetchError::NoSource { faults })
    }

    /// Gets the rest of the file from one mirror.
    fn fetch_from(
        &self,
        url: &str,
        part: &mut PartialFile,
        observe: &mut dyn FnMut(FetchEvent<'_>),
    ) -> Result<(), Interruption> {
        let agent = answer::agent(url, &self.patience);
        let (mut furthest, mut retries, mut begun_anew) = (part.length(), 0, false);
        loop {
            observe(FetchEvent::Asking { url });
            let fault = match answer::receive(&agent, url, part, self.bytes, &self.patience, observe) {
                Err(Interruption::Mirror(fault)) => fault,
                Err(here) => return Err(here),
                Ok(()) => match part.check() {
                    Ok(()) => return Ok(()),
                    Err(fault) => {
                        let pieced = part.is_pieced();
                        part.restart()?;
                        if pieced && !begun_anew {
                            begun_anew = true;
                            observe(FetchEvent::BegunAnew { fault: &fault });
                            continue;
                        }
                        fault
                    }
                },
            };
            let got_further = part.length() > furthest;
            if got_further {
                (furthest, retries) = (part.length(), 0);
            }
            // Who keeps silent again and again would take minutes, and another mirror may be there.
            let stalls = matches!(fault, MirrorFault::Silent { .. }) && !got_further;
            // Who cannot be reached now, but answered before, may come back.
            let lost = matches!(fault, MirrorFault::Unreachable(_)) && retries > 0;
            if stalls || !(fault.may_pass() || lost) || retries == self.patience.retries {
                return Err(fault.into());
            }
            let pause = self.patience.pause.saturating_mul(1 << retries.min(6));
            observe(FetchEvent::Waiting { fault: &fault, pause });
            thread::sleep(pause);
            retries += 1;
        }
    }
}
