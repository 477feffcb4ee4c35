//! The program as its users meet it: run in an empty folder on pictures made by the test.

mod bad_input;
mod doodle;
#[cfg(unix)]
mod interrupt;
mod looking;
mod maps;
mod other_commands;
mod scene;
#[path = "../../../impasto-network/tests/fetch/server.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod server;
mod texture;
mod transfer;
mod weights;
