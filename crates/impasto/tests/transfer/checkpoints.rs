//! Checkpoints as bytes, and what is refused: other runs, damage, contents that no run has.

use impasto::optimizers::AdamOptions;
use impasto::terms::{Gram, Patches, TermSettings, TotalVariation};
use impasto::{Checkpoint, CheckpointError, OptimizerSettings, Settings, StyleMethod, Transfer};
use impasto_network::checksum::Checksum;

use crate::resume::{checkpoints, resume, settings};
use crate::small;

/// The checkpoint after the second iteration.
fn second(transfer: &Transfer) -> Checkpoint<'static> {
    checkpoints(transfer).1.remove(1)
}

#[test]
fn other_settings_and_sizes_are_refused_by_name() {
    let settings = settings(StyleMethod::Gram);
    let checkpoint = second(&small::transfer(settings.clone()));
    let refused = |transfer: &Transfer| resume(transfer, &checkpoint).unwrap_err().to_string();
    let change = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings.clone();
        change(&mut settings);
        refused(&small::transfer(settings))
    };
    let seed = change(&|settings| settings.seed = 7);
    assert_eq!(seed, "the checkpoint is of a run with seed 0, not 7");
    let weight = change(&|settings| settings.term_mut::<Gram>().unwrap().weight = 3.5);
    assert!(weight.contains("a run with terms.1.weight ") && weight.ends_with(", not 3.5"), "{weight}");
    let adam = AdamOptions { learning_rate: 0.5, ..AdamOptions::default() };
    let rate = change(&|settings| settings.optimizer = OptimizerSettings::Adam(adam));
    assert!(rate.contains("optimizer.learning_rate 0.02, not 0.5"), "{rate}");
    let terms = change(&|settings| settings.terms.retain(|term| TotalVariation::of(term).is_none()));
    assert!(terms.contains("a run with terms ["), "{terms}");
    let size = change(&|settings| settings.schedule.size = 32);
    assert_eq!(size, "the checkpoint is of a run with schedule.size 24, not 32");

    let new = || Transfer::new(settings.clone());
    let content = new().content(small::picture(48, 24, 1)).style(small::picture(40, 44, 2), 1.0);
    let expected = "the checkpoint is of a run with the picture of stage 1 at 17x13, not 17x9";
    assert_eq!(refused(&content), expected);
    let style = new().content(small::picture(48, 36, 1)).style(small::picture(44, 40, 2), 1.0);
    assert!(refused(&style).contains("with the styles of stage 1 at "), "{}", refused(&style));
    let two = small::transfer(settings.clone()).style(small::picture(40, 44, 2), 1.0);
    assert!(refused(&two).contains("with the styles of stage 1 at "), "{}", refused(&two));
}

/// The bytes of a checkpoint with another state or other numbers, and the checksum of these.
fn forged(bytes: &[u8], edit: impl FnOnce(&mut String, &mut Vec<u8>)) -> Vec<u8> {
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut contents: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    let metadata = &mut contents["__metadata__"];
    let (mut state, mut numbers) = (metadata["state"].as_str().unwrap().to_owned(), bytes[header..].to_vec());
    edit(&mut state, &mut numbers);
    let mut hasher = Checksum::Sha256([0; 32]).hasher();
    hasher.update(state.as_bytes());
    hasher.update(&numbers);
    (metadata["state"], metadata["checksum"]) = (state.into(), hasher.finish().to_string().into());
    let contents = contents.to_string();
    [&(contents.len() as u64).to_le_bytes(), contents.as_bytes(), &numbers].concat()
}

/// Where the numbers of a tensor begin among all numbers.
fn place(bytes: &[u8], tensor: &str) -> usize {
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let contents: serde_json::Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    contents[tensor]["data_offsets"][0].as_u64().unwrap() as usize
}

#[test]
fn contents_that_no_run_has_are_refused() {
    let mut settings = settings(StyleMethod::Patches);
    let patches = settings.term_mut::<Patches>().unwrap();
    (patches.match_every, patches.variety) = (3, 0.5);
    settings.average = Some(0.9);
    let transfer = small::transfer(settings);
    let bytes = second(&transfer).to_bytes();
    let refused = |bytes: &[u8]| match Checkpoint::from_bytes(bytes) {
        Err(error) => error.to_string(),
        Ok(checkpoint) => resume(&transfer, &checkpoint).unwrap_err().to_string(),
    };
    for (from, to, expected) in [
        (r#""stage":1"#, r#""stage":0"#, "stage 0 of 2"),
        (r#""stage":1"#, r#""stage":3"#, "stage 3 of 2"),
        (r#""stage":1"#, r#""stage":2"#, "iteration 2 of stage 2 after 0 stages"),
        (r#""iteration":2"#, r#""iteration":0"#, "iteration 0 of stage 1 after 0 stages"),
        (r#""iteration":2"#, r#""iteration":4"#, "iteration 4 of 4"),
        (r#""vectors":2"#, r#""vectors":9999999999999"#, "tensor optimizer.2 is absent"),
        (r#""vectors":2"#, r#""vectors":1"#, "not a state of Adam: 1 vectors after 2 steps"),
        (r#""counters":[2]"#, r#""counters":[18446744073709551615]"#, "a count of"),
        (r#""counters":[2]"#, r#""counters":[]"#, "0 counters instead of 1"),
        (r#""evaluations":2"#, r#""evaluations":0"#, "patches: 0 evaluations"),
        (r#""evaluations":2"#, r#""evaluations":99999999999"#, "patches: 99999999999 evaluations"),
        (r#""indices":2"#, r#""indices":1"#, "patches: matches of 1 layers, not 2"),
        (r#"null],"trace""#, r#"null,null],"trace""#, "it is of 4 terms, not 3"),
        (r#"null],"trace""#, r#"],"trace""#, "its state: "),
        (r#""seed":0"#, r#""seed":-1"#, "its state: "),
        (r#""match_every":3"#, r#""match_every":0"#, "evaluations between matchings is 0"),
        (r#""notes":{}"#, r#""notes":{},"more":1"#, "unknown field `more`"),
    ] {
        let edit = |state: &mut String, _: &mut Vec<u8>| {
            assert!(state.contains(from), "{from}: {state}");
            *state = state.replacen(from, to, 1);
        };
        let found = refused(&forged(&bytes, edit));
        assert!(found.contains(expected), "{to}: {found}");
    }
    for (tensor, number, expected) in [
        ("term.1.indices.0", 999_999, "patches: patch 999999 of "),
        ("term.1.values.1", f32::INFINITY.to_bits(), "patches: a score of inf at relu1_1"),
        ("term.1.values.3", f32::NAN.to_bits(), "patches: a score of NaN at relu2_1"),
        ("variables", f32::NAN.to_bits(), "tensor variables is not finite"),
        ("optimizer.1", (-1.0_f32).to_bits(), "a negative second moment"),
        ("average.0", f32::NAN.to_bits(), "tensor average.0 is not finite"),
    ] {
        let edit = |_: &mut String, numbers: &mut Vec<u8>| {
            numbers[place(&bytes, tensor)..][..4].copy_from_slice(&number.to_le_bytes());
        };
        let found = refused(&forged(&bytes, edit));
        assert!(found.contains(expected), "{tensor}: {found}");
    }
}

#[test]
fn damaged_bytes_are_errors() {
    let mut settings = settings(StyleMethod::Patches);
    settings.term_mut::<Patches>().unwrap().match_every = 3;
    settings.average = Some(0.9);
    let bytes = second(&small::transfer(settings)).to_bytes();
    let error = |bytes: &[u8]| Checkpoint::from_bytes(bytes).expect_err("damage is seen");
    for length in (0..bytes.len()).step_by(13).chain(bytes.len() - 9..bytes.len()) {
        assert!(matches!(error(&bytes[..length]), CheckpointError::Damaged(_)), "{length}");
    }
    error(&[&bytes[..], &[0]].concat());
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        error(&damaged);
    }
}

#[test]
fn files_of_something_else_are_named() {
    let bytes = second(&small::transfer(settings(StyleMethod::Gram))).to_bytes();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = String::from_utf8(bytes[8..header].to_vec()).unwrap();
    let error = |from: &str, to: &str| {
        assert!(text.contains(from) && from.len() == to.len(), "{from}");
        let changed = text.replacen(from, to, 1);
        Checkpoint::from_bytes(&[&bytes[..8], changed.as_bytes(), &bytes[header..]].concat())
            .unwrap_err()
            .to_string()
    };
    let kind = error(r#""kind":"painting""#, r#""kind":"training""#);
    assert_eq!(kind, "it holds training, not a painting");
    let version = error(r#""version":"2""#, r#""version":"1""#);
    assert_eq!(version, "it is of version 1, and only version 2 is known");
    assert!(error(r#"\"seed\":0"#, r#"\"seed\":1"#).ends_with("its checksum does not match"));
    let picture = safetensors::serialize(Vec::<(String, safetensors::tensor::TensorView<'_>)>::new(), None);
    let error = Checkpoint::from_bytes(&picture.unwrap()).unwrap_err().to_string();
    assert_eq!(error, "it holds no run, not a painting");
}
