extension TensorElementType {
    /// Converts `count` little-endian elements at `source`, which needs no alignment, to float32.
    ///
    /// Narrowing rounds to nearest; anything but 0 is true. Every loop is branch-free, so that the compiler turns it into vector code.
    func convert(_ source: UnsafeRawPointer, count: Int, to target: UnsafeMutablePointer<Float>) {
        switch self {
        case .float32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * count)
        case .float16: for i in 0..<count { target[i] = Float(half: source.element(i)) }
        case .bfloat16: for i in 0..<count { target[i] = Float(bitPattern: UInt32(source.element(i, of: UInt16.self)) << 16) }
        case .float64: for i in 0..<count { target[i] = Float(source.element(i, of: Double.self)) }
        case .int64: for i in 0..<count { target[i] = Float(source.element(i, of: Int64.self)) }
        case .int32: for i in 0..<count { target[i] = Float(source.element(i, of: Int32.self)) }
        case .int16: for i in 0..<count { target[i] = Float(source.element(i, of: Int16.self)) }
        case .int8: for i in 0..<count { target[i] = Float(source.element(i, of: Int8.self)) }
        case .uint8: for i in 0..<count { target[i] = Float(source.element(i, of: UInt8.self)) }
        case .bool: for i in 0..<count { target[i] = source.element(i, of: UInt8.self) == 0 ? 0 : 1 }
        }
    }
}

extension UnsafeRawPointer {
    @inline(__always)
    fileprivate func element<T: BitwiseCopyable>(_ i: Int, of type: T.Type = T.self) -> T {
        loadUnaligned(fromByteOffset: MemoryLayout<T>.size &* i, as: T.self)
    }
}

extension Float {
    /// The value of an IEEE half given by its bits. (`Float16` does not exist on every platform.)
    ///
    /// Subnormal halves go through an integer conversion: no step touches a subnormal float, which processors handle slowly.
    @inline(__always)
    init(half bits: UInt16) {
        let magnitude = UInt32(bits & 0x7fff)
        // The exponent's bias is 15 in a half and 127 in a float; infinities and NaNs keep the largest exponent.
        let normal = magnitude << 13 &+ (magnitude >= 0x7c00 ? 224 << 23 : 112 << 23)
        let subnormal = (Float(Int32(truncatingIfNeeded: magnitude)) * 0x1p-24).bitPattern
        self.init(bitPattern: (magnitude < 0x400 ? subnormal : normal) | UInt32(bits & 0x8000) << 16)
    }
}
