"""Makes the weight files of other programs that the tests read, with the programs' own libraries.

    python make_fixtures.py

needs torch, h5py, protobuf, numpy and safetensors; their versions when the committed files were made are
printed into versions.txt. All files hold one network, two convolutions (3 to 2 and 2 to 3 channels, with a
pooling between) and a fully connected layer that readers pass over. Its numbers are multiples of 1/64
below 2, which every number format holds exactly. `reference.safetensors` is what must be read from each.
"""

import collections
import pathlib
import sys

import google.protobuf
import h5py
import numpy as np
import safetensors.numpy
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FOLDER = pathlib.Path(__file__).parent
GENERATOR = np.random.default_rng(4)


def numbers(*shape):
    return (GENERATOR.integers(-127, 128, shape) / 64).astype(np.float32)


WEIGHTS = {"conv1_1": numbers(2, 3, 3, 3), "conv2_1": numbers(3, 2, 3, 3)}
BIASES = {"conv1_1": numbers(2), "conv2_1": numbers(3)}
DENSE, DENSE_BIAS = numbers(4, 3), numbers(4)


def reference():
    tensors = {f"{name}.weight": weight for name, weight in WEIGHTS.items()}
    tensors |= {f"{name}.bias": bias for name, bias in BIASES.items()}
    safetensors.numpy.save_file(tensors, FOLDER / "reference.safetensors")


# PyTorch


def state_dict(convert=lambda tensor: tensor):
    state = collections.OrderedDict()
    for name, number in [("conv1_1", 0), ("conv2_1", 3)]:
        state[f"features.{number}.weight"] = convert(torch.from_numpy(WEIGHTS[name]))
        state[f"features.{number}.bias"] = convert(torch.from_numpy(BIASES[name]))
    state["classifier.0.weight"] = torch.from_numpy(DENSE)
    state["classifier.0.bias"] = torch.from_numpy(DENSE_BIAS)
    return state


def a_module():
    layers = [torch.nn.Conv2d(3, 2, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(2, 3, 3)]
    module = torch.nn.Module()
    module.features = torch.nn.Sequential(*layers)
    module.classifier = torch.nn.Sequential(torch.nn.Linear(3, 4))
    module.load_state_dict(state_dict())
    return module


def pytorch():
    state = a_module().state_dict()  # with the _metadata attribute that modules give it
    torch.save(state, FOLDER / "zip.pth")
    torch.save(state, FOLDER / "legacy.pth", _use_new_zipfile_serialization=False)

    # Weights as views with strides and offsets, among the other things that a checkpoint holds.
    def view(tensor):
        if tensor.dim() == 4:
            return torch.nn.Parameter(tensor.to(memory_format=torch.channels_last))
        return torch.cat([torch.zeros(5), tensor])[5:]

    module = a_module()
    optimizer = torch.optim.Adam(module.parameters())
    checkpoint = {
        "epoch": 3,
        "state_dict": {f"module.{name}": tensor for name, tensor in state_dict(view).items()},
        "optimizer": optimizer.state_dict(),
        "best": 0.25,
        "steps": torch.tensor(1 << 40),
        "note": None,
    }
    torch.save(checkpoint, FOLDER / "checkpoint.pth")
    torch.save(checkpoint, FOLDER / "checkpoint_legacy.pth", _use_new_zipfile_serialization=False)

    formats = iter([torch.float16, torch.bfloat16, torch.float64, torch.float32])
    torch.save(state_dict(lambda tensor: tensor.to(next(formats))), FOLDER / "formats.pth")
    # Pickles name the class of a whole module, which readers refuse.
    torch.save(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3)), FOLDER / "whole_module.pth")


# Keras


def keras_layer(root, layer, tensors, **options):
    group = root.create_group(layer)
    group.attrs["weight_names"] = [name.encode() for name in tensors]
    for name, values in tensors.items():
        group.create_dataset(name, data=values, **options)


def keras_file(name, under, tensor_names, version, convert=lambda values: values, **options):
    with h5py.File(FOLDER / name, "w") as file:
        root = file.create_group(under) if under else file
        layers = ["input_1", "block1_conv1", "block1_pool", "block2_conv1", "predictions"]
        root.attrs["layer_names"] = [layer.encode() for layer in layers]
        root.attrs["backend"] = b"tensorflow"
        root.attrs["keras_version"] = version
        for layer in ["input_1", "block1_pool"]:
            keras_layer(root, layer, {})
        for ours, layer in [("conv1_1", "block1_conv1"), ("conv2_1", "block2_conv1")]:
            weight, bias = (pattern.format(layer) for pattern in tensor_names)
            kernel = convert(WEIGHTS[ours].transpose(2, 3, 1, 0))
            keras_layer(root, layer, {weight: kernel, bias: convert(BIASES[ours])}, **options)
        keras_layer(root, "predictions", {"predictions_W_1:0": DENSE.T, "predictions_b_1:0": DENSE_BIAS})


def keras():
    first = ("{0}_W_1:0", "{0}_b_1:0")
    second = ("{0}/kernel:0", "{0}/bias:0")
    keras_file("keras1.h5", None, first, b"1.0.8")
    keras_file("keras2.h5", None, second, b"2.15.0", chunks=True, compression="gzip", shuffle=True)
    keras_file("keras_model.h5", "model_weights", second, b"2.15.0", lambda values: values.astype(np.float64))


# Caffe


def caffe_messages():
    """The parts of BVLC Caffe's caffe.proto that networks with weights consist of."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")

    def message(name, *fields):
        descriptor = file.message_type.add(name=name)
        for field, number, type_, *repeated in fields:
            added = descriptor.field.add(name=field, number=number, label=kind.LABEL_OPTIONAL)
            if isinstance(type_, str):
                added.type, added.type_name = kind.TYPE_MESSAGE, f".caffe.{type_}"
            else:
                added.type = type_
            if repeated:
                added.label = kind.LABEL_REPEATED
                added.options.packed = repeated == ["packed"]

    message("BlobShape", ("dim", 1, kind.TYPE_INT64, "packed"))
    message(
        "BlobProto",
        *[(side, number, kind.TYPE_INT32) for number, side in enumerate(["num", "channels", "height", "width"], 1)],
        ("data", 5, kind.TYPE_FLOAT, "packed"),
        ("shape", 7, "BlobShape"),
        ("double_data", 8, kind.TYPE_DOUBLE, "packed"),
    )
    message("V1LayerParameter", ("bottom", 2, kind.TYPE_STRING, "each"), ("name", 4, kind.TYPE_STRING),
            ("type", 5, kind.TYPE_INT32), ("blobs", 6, "BlobProto", "each"),
            ("blobs_lr", 7, kind.TYPE_FLOAT, "each"))
    message("LayerParameter", ("name", 1, kind.TYPE_STRING), ("type", 2, kind.TYPE_STRING),
            ("blobs", 7, "BlobProto", "each"))
    message("NetParameter", ("name", 1, kind.TYPE_STRING), ("layers", 2, "V1LayerParameter", "each"),
            ("layer", 100, "LayerParameter", "each"))
    for descriptor in file.message_type:
        for field in descriptor.field:
            if field.type in (kind.TYPE_MESSAGE, kind.TYPE_STRING):
                field.options.ClearField("packed")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.NetParameter"))


def caffe():
    network_class = caffe_messages()
    layers = [(name, 4, "Convolution", WEIGHTS[name], BIASES[name]) for name in WEIGHTS]
    layers.append(("fc6", 14, "InnerProduct", DENSE, DENSE_BIAS))

    old = network_class(name="VGG_small")
    old.layers.add(name="data", type=12)
    for name, type_, _, weight, bias in layers:
        layer = old.layers.add(name=name, type=type_, bottom=["data"], blobs_lr=[1, 2])
        for values in [weight, bias]:
            num, channels, height, width = (1,) * (4 - values.ndim) + values.shape
            layer.blobs.add(num=num, channels=channels, height=height, width=width, data=values.ravel())
        layer = old.layers.add(name=f"relu{name[4:]}", type=18)
    (FOLDER / "v1.caffemodel").write_bytes(old.SerializeToString())

    new = network_class(name="VGG_small")
    for name, _, type_, weight, bias in layers:
        layer = new.layer.add(name=name, type=type_)
        for values, field in [(weight, "data"), (bias, "double_data")]:
            blob = layer.blobs.add(**{field: values.ravel()})
            blob.shape.dim.extend(values.shape)
    (FOLDER / "v2.caffemodel").write_bytes(new.SerializeToString())


if __name__ == "__main__":
    reference()
    pytorch()
    keras()
    caffe()
    versions = [("python", sys.version.split()[0])]
    versions += [(it.__name__, it.__version__) for it in [torch, h5py, google.protobuf, np, safetensors]]
    (FOLDER / "versions.txt").write_text("".join(f"{name} {version}\n" for name, version in versions))
