import Foundation
import Testing

@testable import TensorFiles

struct FloatConversionTests {
    /// Every half against its definition.
    @Test func halves() {
        for bits in UInt16.min...UInt16.max {
            let found = Float(half: bits)
            let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Double(bits & 0x3ff))
            let magnitude =
                switch exponent {
                case 0: fraction * 0x1p-24
                case 31: fraction == 0 ? Double.infinity : .nan
                default: (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
                }
            #expect(Double(found).magnitude == magnitude || found.isNaN && magnitude.isNaN, "\(bits)")
            #expect((found.sign == .minus) == (bits >= 0x8000), "\(bits)")
        }
    }

    @Test func unalignedSourcesOfEveryType() {
        for type in TensorElementType.allCases {
            let count = 37
            var bytes = [UInt8](repeating: 0, count: 1 + count * type.byteCount)
            for i in 0..<count {
                let element: [UInt8] =
                    switch type {
                    case .float64: little(Double(i).bitPattern)
                    case .float32: little(Float(i).bitPattern)
                    case .bfloat16: little(UInt16(Float(i).bitPattern >> 16))
                    case .float16: little(half(i))
                    case .int64: little(Int64(i))
                    case .int32: little(Int32(i))
                    case .int16: little(Int16(i))
                    case .int8, .uint8, .bool: [UInt8(i)]
                    }
                bytes.replaceSubrange((1 + i * type.byteCount)..<(1 + (i + 1) * type.byteCount), with: element)
            }
            let found = [Float](unsafeUninitializedCapacity: count) { target, used in
                bytes.withUnsafeBytes { type.convert($0.baseAddress! + 1, count: count, to: target.baseAddress!) }
                used = count
            }
            #expect(found == (0..<count).map { type == .bool ? min(1, Float($0)) : Float($0) }, "\(type)")
        }
    }

    private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    /// A small integer as a half.
    private func half(_ value: Int) -> UInt16 {
        guard value > 0 else { return 0 }
        let float = Float(value).bitPattern
        return UInt16((float >> 23) - 112) << 10 | UInt16(float >> 13 & 0x3ff)
    }
}
