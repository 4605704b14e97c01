/// How a tensor's elements are stored. Raw values are the names that PyTorch and numpy use.
public enum TensorElementType: String, Sendable, CaseIterable {
    case float64, float32, float16, bfloat16
    case int64, int32, int16, int8, uint8
    /// One byte, 0 or 1.
    case bool

    /// The bytes of an element.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}
