/// The names of classes and functions that a pickle may hold. Any other name ends the reading.
///
/// A name is only a name here: nothing is imported or called. `PickleReader` knows what each one would make of its arguments.
enum PickleGlobal: Equatable {
    /// `OrderedDict`, `defaultdict`, `Counter`, `dict`.
    case mapping
    case list, set, bytes, encode
    case rebuildTensor, rebuildTensorV2, rebuildParameter
    case storage(TensorElementType)
    case size, device
    /// `torch.float32` and the like.
    case torchType
    case numpyReconstruct, numpyArray, numpyType, numpyScalar, numpyFromBuffer
    /// The element type of that name where numpy has none.
    case bfloat16
    /// Wraps the arguments of `numpyReconstruct`.
    case jaxArray
    /// `argparse.Namespace`: command lines kept beside weights.
    case namespace

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"), ("collections", "defaultdict"), ("collections", "Counter"), ("builtins", "dict"),
            ("__builtin__", "dict"):
            self = .mapping
        case ("builtins", "list"), ("__builtin__", "list"): self = .list
        case ("builtins", "set"), ("__builtin__", "set"), ("builtins", "frozenset"), ("__builtin__", "frozenset"): self = .set
        case ("builtins", "bytes"), ("__builtin__", "bytes"): self = .bytes
        case ("_codecs", "encode"): self = .encode
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch", _), ("torch.cuda", _):
            if let type = Self.storages[name] {
                self = .storage(type)
            } else if module == "torch", Self.torchTypes.contains(name) {
                self = .torchType
            } else {
                return nil
            }
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .numpyReconstruct
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .numpyScalar
        case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"): self = .numpyFromBuffer
        case ("numpy", "ndarray"): self = .numpyArray
        case ("numpy", "dtype"): self = .numpyType
        case ("ml_dtypes", "bfloat16"): self = .bfloat16
        case ("jax._src.array", "_reconstruct_array"), ("jax._src.device_array", "reconstruct_device_array"): self = .jaxArray
        case ("argparse", "Namespace"): self = .namespace
        default: return nil
        }
    }

    private static let storages: [String: TensorElementType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
        "BoolStorage": .bool,
    ]

    private static let torchTypes: Set<String> = [
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128",
    ]
}
