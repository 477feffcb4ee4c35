//! A front end of one page: paints the order in a JSON file, and says what there is to say.
//!
//! ```sh
//! cargo run --release -p impasto-jobs --example paint_order -- order.json painted.png
//! ```

use std::error::Error;
use std::{env, fs};

use impasto::{Control, Progress};
use impasto_jobs::{Extent, Job, Order, threads};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let names: Vec<String> = env::args().skip(1).collect();
    let [order, painted] = names.as_slice() else {
        return Err("expected the file of an order and the file to paint".into());
    };
    let order = Order::from_json(&fs::read_to_string(order)?)?;
    threads::pool(order.machine.threads)?.install(|| paint(&order, painted))
}

fn paint(order: &Order, painted: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut job = Job::new(order)?;
    for note in &job.notes {
        println!("{:?}: {}", note.level, note.message);
    }
    let mut iterations_done = 0;
    let outcome = job.run(&mut |progress: &Progress<'_>| {
        iterations_done += 1;
        println!("{:3.0} %, {:.0} s left", 100.0 * progress.done, progress.seconds_left);
        Control::Continue
    })?;
    let extent = Extent { iterations_done, completed: outcome.completed };
    fs::write(painted, job.file.encode(painted, &outcome.picture, &job.recipe, extent)?)?;
    Ok(())
}
