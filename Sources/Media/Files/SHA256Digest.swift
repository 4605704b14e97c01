import CFFmpeg
import Foundation

/// SHA-256, by FFmpeg's code, which is linked anyway: names contents by what they are.
public struct SHA256Digest: Sendable, Hashable {
    /// 32 bytes.
    public let bytes: [UInt8]

    public init(_ data: some DataProtocol) {
        var digest = [UInt8](repeating: 0, count: 32)
        withUnsafeTemporaryAllocation(byteCount: Int(av_sha_size), alignment: 16) { memory in
            let state = memory.baseAddress.map { OpaquePointer($0) }
            av_sha_init(state, 256)
            for region in data.regions {
                region.withUnsafeBytes { av_sha_update(state, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
            }
            av_sha_final(state, &digest)
        }
        bytes = digest
    }

    /// Of a text in UTF-8.
    public init(_ text: String) { self.init(Array(text.utf8)) }

    /// 64 hexadecimal digits, small letters.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
