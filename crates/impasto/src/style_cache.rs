//! What the network says of style pictures, kept for the next run.
//!
//! Runs that paint several contents in one style ask the same of the same pictures. An answer is found again by all that
//! it depends on: the pixels, their size, how the network reads them, the questions, and the weights, arithmetic and
//! tiles of the engine. So it is the same bit for bit as if it were computed anew, and a content of another shape, for
//! which the style is brought to another size, finds nothing that is not its own.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use impasto_network::checksum::{Checksum, Hasher};
use impasto_network::{Answer, NetworkOptions, Question, Size, Statistic};

/// Bytes that an entry takes beside its values, at most.
const BYTES_BESIDE: u64 = 256;

/// Answers about style pictures, for all runs that it is [given to](crate::Transfer::share_styles).
///
/// Sums and values are kept, such as Gram matrices, moments and columns of features. Whole maps, which patches are cut
/// from, are not: the pictures of a term that reads them pass the network in each run.
#[derive(Debug)]
pub struct StyleCache {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    kept: HashMap<Checksum, Kept>,
    /// Of all that is kept.
    bytes: u64,
    /// Bytes that may be kept now.
    room: u64,
    /// Runs begun.
    runs: u64,
    found: u64,
}

#[derive(Debug)]
struct Kept {
    answers: Arc<Vec<Answer>>,
    bytes: u64,
    /// The last run that asked for it.
    run: u64,
}

impl StyleCache {
    /// An empty one that takes up to `limit` bytes.
    pub fn new(limit: u64) -> Self {
        StyleCache { limit, state: Mutex::new(State { room: limit, ..State::default() }) }
    }

    /// Bytes that it takes at most.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes that it takes now.
    pub fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// How often a picture has not passed the network since all answers were there.
    pub fn found(&self) -> u64 {
        self.state().found
    }

    /// A run begins, beside which there is room for so many bytes.
    pub(crate) fn begin_run(&self, room: u64) {
        let mut state = self.state();
        state.runs += 1;
        state.room = room.min(self.limit);
        let room = state.room;
        while state.bytes > room {
            state.forget_oldest();
        }
    }

    /// The answers that are kept under a key.
    pub(crate) fn get(&self, key: &Checksum) -> Option<Arc<Vec<Answer>>> {
        let mut state = self.state();
        let run = state.runs;
        let kept = state.kept.get_mut(key)?;
        kept.run = run;
        let answers = kept.answers.clone();
        state.found += 1;
        Some(answers)
    }

    /// Keeps answers, if there is room for them, or what neither this run nor the one before has asked for makes room. So
    /// runs that ask for more than fits keep finding what was there first.
    pub(crate) fn keep(&self, key: Checksum, answers: &[Answer]) {
        let values = |answer: &Answer| match answer {
            Answer::Sums(sums) => size_of_val(&sums[..]) as u64,
            Answer::Values(values) => size_of_val(&values[..]) as u64,
            Answer::Kept => 0,
        };
        let bytes =
            BYTES_BESIDE + answers.iter().map(|it| values(it) + size_of::<Answer>() as u64).sum::<u64>();
        let mut state = self.state();
        if bytes > state.room || state.kept.contains_key(&key) {
            return;
        }
        while state.bytes + bytes > state.room {
            match state.oldest() {
                Some((_, run)) if run + 1 < state.runs => state.forget_oldest(),
                _ => return,
            }
        }
        state.bytes += bytes;
        let run = state.runs;
        state.kept.insert(key, Kept { answers: Arc::new(answers.to_vec()), bytes, run });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a thread that failed has left is whole: entries are put in and taken out by single calls.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What has not been asked for the longest, and the run that did.
    fn oldest(&self) -> Option<(Checksum, u64)> {
        self.kept.iter().min_by_key(|(_, kept)| kept.run).map(|(key, kept)| (*key, kept.run))
    }

    fn forget_oldest(&mut self) {
        let forgotten = self.oldest().and_then(|(key, _)| self.kept.remove(&key));
        self.bytes -= forgotten.map_or(0, |kept| kept.bytes);
    }
}

/// All that the answers to `questions` about a picture depend on, in short; `None` if they hold a map, or are about one.
pub(crate) fn key<Map>(
    provenance: &str,
    picture: &[f32],
    size: Size,
    options: NetworkOptions,
    questions: &[Question<Map>],
) -> Option<Checksum> {
    let mut hasher = Checksum::Sha256([0; 32]).hasher();
    hasher.update(format!("{provenance}; {size:?}; {options:?}; {}", questions.len()).as_bytes());
    for Question { layer, statistic } in questions {
        hasher.update(format!("; {layer} ").as_bytes());
        match statistic {
            Statistic::Gram { weights } => add(&mut hasher, "gram", weights.as_deref()),
            Statistic::Sums { weights } => add(&mut hasher, "sums", weights.as_deref()),
            Statistic::SquaredNorm { weights } => add(&mut hasher, "squared norm", weights.as_deref()),
            Statistic::Resampled { resampling } => {
                let mut text = String::new();
                _ = write!(text, "{resampling:?}");
                hasher.update(text.as_bytes());
            }
            Statistic::SquaredDifference { .. }
            | Statistic::ResampledProducts { .. }
            | Statistic::Map
            | Statistic::Target => return None,
        }
    }
    hasher.update_with_values(picture);
    Some(hasher.finish())
}

/// Takes in a statistic and the weights of its positions.
fn add(hasher: &mut Hasher, name: &str, weights: Option<&[f32]>) {
    let count = weights.map(<[f32]>::len);
    hasher.update(format!("{name} {count:?} ").as_bytes());
    hasher.update_with_values(weights.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use impasto_network::Layer;

    use super::*;

    fn named(name: u8) -> Checksum {
        Checksum::Sha256([name; 32])
    }

    /// Answers that take `bytes` in all.
    fn answers(bytes: u64) -> Vec<Answer> {
        let values = (bytes - BYTES_BESIDE - size_of::<Answer>() as u64) / 4;
        vec![Answer::Values(vec![0.5; values as usize])]
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let cache = StyleCache::new(2500);
        cache.begin_run(u64::MAX);
        for name in 0..3 {
            cache.keep(named(name), &answers(1000));
        }
        assert_eq!(cache.bytes(), 2000);
        assert_eq!([0, 1, 2].map(|name| cache.get(&named(name)).is_some()), [true, true, false]);
        assert_eq!(cache.found(), 2);
    }

    #[test]
    fn what_two_runs_do_not_ask_for_makes_room() {
        let cache = StyleCache::new(2500);
        cache.begin_run(u64::MAX);
        (0..2).for_each(|name| cache.keep(named(name), &answers(1000)));
        cache.begin_run(u64::MAX);
        cache.get(&named(0));
        cache.keep(named(2), &answers(1000));
        assert!(cache.get(&named(2)).is_none(), "the run before may have a like after it");
        cache.begin_run(u64::MAX);
        cache.keep(named(2), &answers(1000));
        assert_eq!([0, 1, 2].map(|name| cache.get(&named(name)).is_some()), [true, false, true]);
    }

    #[test]
    fn a_run_with_less_room_leaves_less() {
        let cache = StyleCache::new(2500);
        cache.begin_run(u64::MAX);
        (0..2).for_each(|name| cache.keep(named(name), &answers(1000)));
        cache.begin_run(1500);
        assert_eq!(cache.bytes(), 1000);
        cache.begin_run(0);
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn answers_are_found_by_all_that_they_depend_on() {
        let weights = |value: f32| Some(Arc::from([value; 4]));
        let gram = |weights| vec![Statistic::<()>::Gram { weights }.at(Layer::relu(1, 1))];
        let size = Size { height: 1, width: 2 };
        let (options, picture) = (NetworkOptions::default(), [0.5; 6]);
        let key_of = |engine: &str, picture: &[f32], size, questions: &[Question<()>]| {
            key(engine, picture, size, options, questions).unwrap()
        };
        let turned = Size { height: 2, width: 1 };
        let sums = vec![Statistic::<()>::Sums { weights: None }.at(Layer::relu(1, 1))];
        let elsewhere = vec![Statistic::<()>::Gram { weights: None }.at(Layer::relu(1, 2))];
        let keys = [
            key_of("a", &picture, size, &gram(None)),
            key_of("b", &picture, size, &gram(None)),
            key_of("a", &[0.25; 6], size, &gram(None)),
            key_of("a", &picture, turned, &gram(None)),
            key_of("a", &picture, size, &gram(weights(1.0))),
            key_of("a", &picture, size, &gram(weights(0.5))),
            key_of("a", &picture, size, &sums),
            key_of("a", &picture, size, &elsewhere),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one), "{index}");
        }
        assert_eq!(keys[0], key_of("a", &picture, size, &gram(None)));
        let map = [Statistic::<()>::Map.at(Layer::relu(1, 1))];
        assert_eq!(key("a", &picture, size, options, &map), None);
    }
}
