import Foundation

/// Bytes of a file that hold a tensor as it is: row-major, little-endian, uncompressed, without gaps.
public struct FileLocation: Sendable, Equatable {
    public let url: URL
    /// In bytes from the beginning of the file; not necessarily a multiple of the element's size.
    public let offset: Int
    public let byteCount: Int

    public init(url: URL, offset: Int, byteCount: Int) {
        self.url = url
        self.offset = offset
        self.byteCount = byteCount
    }
}
