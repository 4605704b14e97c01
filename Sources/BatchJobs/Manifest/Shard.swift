import Foundation

/// A share of a batch. A video belongs to a share by its name: lines that are added, removed or moved change nothing for the others, and
/// with one share more, each gives off only what the new one takes.
public struct Shard: Sendable, Equatable {
    /// From 0 on.
    public let index: Int
    public let count: Int

    public static let greatestCount = 1_000_000
    public static let whole = Shard(unchecked: 0, of: 1)

    /// - Throws: `BatchError.invalidArgument`.
    public init(_ index: Int, of count: Int) throws {
        guard (1...Self.greatestCount).contains(count), (0..<count).contains(index) else {
            throw BatchError.invalidArgument("Shard \(index)/\(count): of n shards, the first is 0/n and the last n-1/n.")
        }
        self.init(unchecked: index, of: count)
    }

    private init(unchecked index: Int, of count: Int) { (self.index, self.count) = (index, count) }

    /// - Parameter text: such as "3/8".
    /// - Throws: `BatchError.invalidArgument`.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else {
            throw BatchError.invalidArgument("Shard \"\(text)\": is not of the form 3/8, with 0/8 for the first of eight.")
        }
        try self.init(index, of: count)
    }

    public func contains(_ id: String) throws -> Bool { try count == 1 || Self.index(of: id, count: count) == index }

    /// Jump consistent hashing (Lamping, Veach 2014) of the name's SHA-256.
    static func index(of id: String, count: Int) throws -> Int {
        var key = try SHA256Digest.bytes(of: Data(id.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var (bucket, next) = (0, 0)
        while next < count {
            bucket = next
            key = key &* 2_862_933_555_777_941_757 &+ 1
            // Below 2^31 + 1 times the bucket: count is limited.
            next = Int(Double(bucket + 1) * (Double(1 << 31) / Double((key >> 33) + 1)))
        }
        return bucket
    }
}
