//! Weight files that were made to do harm, byte by byte: each must be refused, at once, with the reason.

use impasto_network::ForeignNetwork;

/// PyTorch's magic number, its protocol version, and the description of a little-endian machine.
const LEGACY_START: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\
    \x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";

/// The old layout of `torch.save` around the pickle of an object, given without its protocol and stop.
fn legacy(object: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    [LEGACY_START, b"\x80\x02", object, b".\x80\x02", keys, b".", storages].concat()
}

/// A zip archive of uncompressed files, with the wide records of zip64 if asked for.
fn zip(files: &[(&str, &[u8])], method: u16, wide: bool) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (place, size) = (archive.len() as u64, bytes.len() as u64);
        let shared = [&method.to_le_bytes()[..], &[0; 8]].concat();
        let lengths = |extra: u16| [(name.len() as u16).to_le_bytes(), extra.to_le_bytes()].concat();
        let narrow = |number: u64| if wide { [0xff; 4] } else { (number as u32).to_le_bytes() };
        let sizes = [narrow(size), narrow(size)].concat();
        archive.extend([b"PK\x03\x04\0\0\0\0", &shared[..], &sizes, &lengths(0), name.as_bytes()].concat());
        archive.extend(*bytes);
        let extra: Vec<u8> = if wide {
            let numbers = [size, size, place].map(u64::to_le_bytes).concat();
            [&[1, 0, 24, 0][..], &numbers].concat()
        } else {
            Vec::new()
        };
        directory
            .extend([b"PK\x01\x02\0\0\0\0\0\0", &shared[..], &sizes, &lengths(extra.len() as u16)].concat());
        directory.extend([&[0; 10][..], &narrow(place), name.as_bytes(), &extra].concat());
    }
    let (start, length) = (archive.len() as u64, directory.len() as u64);
    archive.extend(directory);
    if wide {
        let record = archive.len() as u64;
        archive.extend([b"PK\x06\x06", &[0; 36][..], &length.to_le_bytes(), &start.to_le_bytes()].concat());
        archive.extend([b"PK\x06\x07\0\0\0\0", &record.to_le_bytes()[..], &[1, 0, 0, 0]].concat());
    }
    let narrow = |number: u64| if wide { [0xff; 4] } else { (number as u32).to_le_bytes() };
    archive.extend([b"PK\x05\x06\0\0\0\0\0\0\0\0", &narrow(length)[..], &narrow(start), &[0; 2]].concat());
    archive
}

/// A text as Python 3 pickles it.
fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// A call that builds a tensor from storage "0" of `count` floats.
fn tensor(count: i32, shape: &[i32], strides: &[i32]) -> Vec<u8> {
    let integer = |value: i32| [b"J", &value.to_le_bytes()[..]].concat();
    let tuple = |values: &[i32]| {
        let values: Vec<u8> = values.iter().flat_map(|&value| integer(value)).collect();
        [b"(", &values[..], b"t"].concat()
    };
    let storage = [
        &b"("[..],
        &text("storage"),
        b"ctorch\nFloatStorage\n",
        &text("0"),
        &text("cpu"),
        &integer(count),
        b"tQ",
    ];
    let call: [&[u8]; 6] = [
        b"ctorch._utils\n_rebuild_tensor\n(",
        &storage.concat(),
        &integer(0),
        &tuple(shape),
        &tuple(strides),
        b"tR",
    ];
    call.concat()
}

/// A dictionary with these entries.
fn dictionary(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<u8> =
        entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(", &entries[..], b"u"].concat()
}

fn fault(bytes: Vec<u8>) -> String {
    let message = ForeignNetwork::from_bytes("painter", bytes).unwrap_err().to_string();
    message.strip_prefix("weight file painter: ").expect(&message).to_owned()
}

#[track_caller]
fn assert_refused(bytes: Vec<u8>, because: &str) {
    let message = fault(bytes);
    assert!(message.contains(because), "{message}");
}

#[test]
fn functions_in_pickles_are_refused_by_name_in_both_layouts() {
    let call = [&b"cos\nsystem\n"[..], &text("touch harm"), b"\x85R"].concat();
    let offset = LEGACY_START.len() + 2;
    assert_eq!(
        fault(legacy(&call, b"]", b"")),
        format!(
            "read as PyTorch pickle: at byte {offset} its pickle asks for os.system, which is refused: only \
             tensors are read, and nothing in the file was executed; expected what \
             torch.save(model.state_dict(), …) writes"
        )
    );
    for wide in [false, true] {
        let pickle = [b"\x80\x02", &call[..], b"."].concat();
        assert_refused(zip(&[("a/data.pkl", &pickle)], 0, wide), "its pickle asks for os.system, which is");
    }
    for name in ["builtins\neval", "torch\nload", "torch._utils\n_rebuild", "collections\nCounter", "\n"] {
        let call = format!("c{name}\n)R").into_bytes();
        assert_refused(legacy(&call, b"]", b""), &format!("asks for {},", name.replace('\n', ".")));
    }
}

#[test]
fn instructions_beyond_those_of_data_are_refused() {
    for (code, because) in [
        (&b"(ios\nsystem\n"[..], "pickle instruction 'i'"),
        (b"(o", "pickle instruction 'o'"),
        (b"))\x81", "pickle instruction '\\u{81}'"),
        (b"\x82\x01", "pickle instruction '\\u{82}'"),
        (b"R", "an empty stack"),
        (b"(a", "an empty stack"),
        (b"]K\x01s", "an empty stack"),
        (b"t", "no mark on the stack"),
        (b"}(K\x01u", "a key without a value"),
        (b"K\x01K\x02a", "found an integer, expected a list"),
        (b"h\x00", "place 0 of the memo, which is empty"),
        (b"ccollections\nOrderedDict\nK\x01\x85R", "with other arguments"),
        (b"ctorch\nFloatStorage\n)R", "with other arguments"),
        (b"K\x01Q", "another persistent id"),
        (b"\x8a\x09\0\0\0\0\0\0\0\0\x01", "an integer of 9 bytes"),
        (b"U\x01\xff", "a byte that is not UTF-8"),
        (b"]", "found a list, expected a dictionary of tensors"),
    ] {
        assert_refused(legacy(code, b"]", b""), because);
    }
    assert_refused([LEGACY_START, b"\x80\x04}."].concat(), "expected a pickle of protocol 2");
}

#[test]
fn nesting_and_length_are_bounded() {
    let deep = [vec![b']'; 100_000], vec![b'a'; 99_999]].concat();
    assert_refused(legacy(&deep, b"]", b""), "found a list, expected a dictionary");
    // Each object holds the one before and itself.
    let knotted = b"}q\x00X\x01\x00\x00\x00ah\x00s".repeat(10_000);
    assert_refused(legacy(&knotted, b"]", b""), "no convolutions");
    let long = b"]0".repeat(1 << 20);
    assert_refused(legacy(&long, b"]", b""), "pickle instruction '0'");
    assert_refused(
        legacy(&vec![b'}'; 1 << 20], b"]", b""),
        "the instructions in its pickles are 262145, expected",
    );
}

#[test]
fn sizes_that_a_pickle_claims_allocate_nothing() {
    assert_refused(legacy(b"X\xff\xff\xff\xff", b"]", b""), "expected a text (4294967295 bytes)");
    let convolution = |count, shape: &[i32], strides: &[i32]| {
        let bias = tensor(count, &shape[..1], &strides[..1]);
        dictionary(&[("features.0.weight", tensor(count, shape, strides)), ("features.0.bias", bias)])
    };
    let (keys, whole) = ([b"]", &text("0")[..], b"a"].concat(), &[81, 27, 9, 3]);
    let numbers = |count: u64| [&count.to_le_bytes()[..], &[0; 324]].concat();
    let sound = legacy(&convolution(81, &[3, 3, 3, 3], &[27, 9, 3, 1]), &keys, &numbers(81));
    assert!(ForeignNetwork::from_bytes("painter", sound).is_ok());

    let huge = i32::MAX;
    let file = legacy(&convolution(huge, &[3, 3, 3, 3], &[27, 9, 3, 1]), &keys, &numbers(huge as u64));
    assert_refused(file, "expected the numbers of a storage (8589934588 bytes)");
    let file = legacy(&convolution(81, &[3, 3, 3, 3], &[27, 9, 3, 1]), &keys, &numbers(u64::MAX));
    assert_refused(file, "a storage of 18446744073709551615 numbers, expected 81");
    let file = legacy(&convolution(81, &[huge, 3, 3, 3], &[0; 4]), &keys, &numbers(81));
    assert_refused(file, "the numbers in its convolutions are 60129542116, expected at most");
    let file = legacy(&convolution(81, &[4, 3, 3, 3], &[0; 4]), &keys, &numbers(81));
    assert_refused(file, "expected a view that stays within its storage");
    let file = legacy(&convolution(81, &[3, 3, 3, 3], whole), &keys, &numbers(81));
    assert_refused(file, "expected a view that stays within its storage");
    let file = legacy(&convolution(81, &[3, 3, 3, 3], &[-1; 4]), &keys, &numbers(81));
    assert_refused(file, "with other arguments");
}

#[test]
fn archives_that_are_not_pytorchs_are_refused() {
    let pickle: &[u8] = b"\x80\x02}.";
    for wide in [false, true] {
        assert_refused(zip(&[("a/data.pkl", pickle)], 0, wide), "no convolutions");
        assert_refused(
            zip(&[("a/data.pkl", pickle)], 8, wide),
            "a/data.pkl in compression method 8, expected no",
        );
        assert_refused(zip(&[("a/b", pickle)], 0, wide), "a zip archive without data.pkl");
        assert_refused(zip(&[("a/data.pkl", pickle), ("a/data.pkl", pickle)], 0, wide), "there twice");
        let big = zip(&[("a/data.pkl", pickle), ("a/byteorder", b"big")], 0, wide);
        assert_refused(big, "a file of a big-endian machine is not supported");
    }
    let mut archive = zip(&[("a/data.pkl", pickle)], 0, true);
    let size = archive.windows(4).position(|bytes| bytes == [1, 0, 24, 0]).unwrap() + 4;
    archive[size..][..16].copy_from_slice(&[0x7f; 16]);
    assert_refused(archive, "expected a/data.pkl (9187201950435737471 bytes)");
}

#[test]
fn fields_of_a_caffe_model_are_bounded() {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/v1.caffemodel");
    let model = std::fs::read(fixture).unwrap();
    assert_refused([&model[..], &model].concat(), "tensor conv1_1.weight is there twice");
    let length = [0xff; 9];
    assert_refused([b"\x12", &length[..], b"\x01"].concat(), "expected field 2 (18446744073709551615 bytes)");
    assert_refused([b"\x12", &length[..], b"\xff\x01"].concat(), "an integer of more than ten bytes");
    assert_refused(b"\x13".to_vec(), "a field of wire type 3, expected 0, 1, 2 or 5");

    let message = |key: &[u8], parts: &[&[u8]]| {
        let body = parts.concat();
        [key, &[body.len() as u8], &body[..]].concat()
    };
    let layer =
        |blob: &[u8]| message(&[0x12], &[&message(&[0x22], &[b"conv1_1"]), &message(&[0x32], &[blob])]);
    let side = [0xff, 0xff, 0xff, 0xff, 0x7f];
    let huge = message(&[0x3a], &[&message(&[0x0a], &[&side, &side, &side, &side])]);
    assert_refused(layer(&huge), "0 bytes of numbers for conv1_1.weight");
    let negative = message(&[0x3a], &[&message(&[0x0a], &[&[0xff; 9], &[0x01]])]);
    assert_refused(layer(&negative), "a side of -1, expected 0 or more");
    let many = message(&[0x3a], &[&message(&[0x0a], &[&[1; 33]])]);
    assert_refused(layer(&many), "one more side, expected at most 32");
    assert_refused(layer(&[0x2a, 0, 0x2a, 0]), "the numbers of conv1_1.weight in several pieces");
}

/// Python 2 pickled dictionaries as lists of pairs, and texts as bytes; the networks of 2017 are such files.
#[test]
fn pickles_of_python_2_are_read() {
    let byte_text = |text: &str| [b"U", &[text.len() as u8][..], text.as_bytes()].concat();
    let pair = |name: &str, value: Vec<u8>| [b"](", &byte_text(name)[..], &value, b"e"].concat();
    let pairs = [
        pair("features.0.weight", tensor(81, &[3, 3, 3, 3], &[27, 9, 3, 1])),
        pair("features.0.bias", tensor(81, &[3], &[1])),
    ];
    let state = [&b"ccollections\nOrderedDict\n]("[..], &pairs.concat(), b"e\x85R}b"].concat();
    let keys = [b"]", &byte_text("0")[..], b"a"].concat();
    let numbers: Vec<u8> = (0..81).flat_map(|value| (value as f32).to_le_bytes()).collect();
    let file = legacy(&state, &keys, &[&81_u64.to_le_bytes()[..], &numbers].concat());
    let network = ForeignNetwork::from_bytes("painter", file).unwrap();
    assert_eq!(network.convolutions[0].1.bias, [0.0, 1.0, 2.0]);
    assert_eq!(network.convolutions[0].1.weight[80], 80.0);
}
