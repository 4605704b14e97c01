import CZlib
import Foundation

/// Bytes made smaller with zlib, quickly rather than well.
package enum CompressedBytes {
    /// - Returns: nil when there is no memory for it.
    package static func compress(_ bytes: UnsafeRawBufferPointer) -> Data? {
        var count = compressBound(uLong(bytes.count))
        var data = Data(count: Int(count))
        let code = data.withUnsafeMutableBytes { target in
            compress2(
                target.bindMemory(to: UInt8.self).baseAddress, &count, bytes.bindMemory(to: UInt8.self).baseAddress, uLong(bytes.count),
                Z_BEST_SPEED)
        }
        return code == Z_OK ? data.prefix(Int(count)) : nil
    }

    /// - Parameter count: how many bytes there were before.
    /// - Returns: nil when the data is damaged or gives another number of bytes.
    package static func expand(_ data: Data, count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            var length = uLongf(count)
            let code = data.withUnsafeBytes { source in
                uncompress(target.baseAddress, &length, source.bindMemory(to: UInt8.self).baseAddress, uLong(data.count))
            }
            filled = code == Z_OK ? Int(length) : 0
        }
        return bytes.count == count ? bytes : nil
    }
}
