//! The program as its users meet it: run in an empty folder on pictures made by the test.

mod bad_input;
mod collection;
mod colors;
#[cfg(unix)]
mod distill;
mod doodle;
mod engines;
mod existing;
#[cfg(unix)]
mod interrupt;
mod like;
mod looking;
mod maps;
mod metadata;
mod order;
mod original_size;
mod other_commands;
mod pipes;
#[cfg(unix)]
mod resume;
mod scene;
#[path = "../../../impasto-network/tests/fetch/server.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod server;
mod show;
mod stop_at_progress;
mod strokes;
mod texture;
#[cfg(unix)]
mod train;
mod transfer;
mod weights;
