import Foundation

/// A checkpoint that its authors published, and what is known of it.
public struct PublishedModel: Sendable, Equatable {
    /// Where the file comes from.
    public enum Source: Sendable, Equatable {
        /// One file at this address.
        case download(URL)
        /// It has no address of its own; the text says how a person gets it, as a sentence or two.
        case manual(String)
    }

    /// How large the file is, as far as somebody who has it says so.
    public enum Size: Sendable, Equatable {
        /// To the byte.
        case exact(Int)
        /// Rounded, in bytes.
        case about(Int)

        public var bytes: Int {
            switch self {
            case .exact(let bytes), .about(let bytes): bytes
            }
        }
    }

    public enum Kind: String, Sendable, CaseIterable {
        case segmenter
        case tracker
    }

    /// What it is called on the command line and in the store, for example `mobile-sam`.
    public let name: String
    public let kind: Kind
    /// The network it belongs to, for people.
    public let network: String
    /// The file's name in the store: the model's name with the published file's extension.
    public let fileName: String
    /// The published file's MD5, 32 lower-case hexadecimal digits; nil where its authors publish none. Then a right file is told by
    /// its size and by the network in it (`ModelStore.contentCheck`), and the MD5 of what was downloaded is kept, to find later changes.
    public let md5: String?
    /// Nil where no source says it.
    public let size: Size?
    /// The weights' licence as their authors name it.
    public let licence: String
    public let source: Source
    /// The authors' page.
    public let page: String

    public init(
        name: String, kind: Kind, network: String, fileExtension: String, md5: String?, size: Size?, licence: String, source: Source,
        page: String
    ) {
        (self.name, self.kind, self.network, self.md5, self.size) = (name, kind, network, md5, size)
        (self.licence, self.source, self.page) = (licence, source, page)
        fileName = "\(name).\(fileExtension)"
    }

    /// No file of the model has more bytes: rounded sizes may be a quarter off.
    var largestSize: Int {
        switch size {
        case .exact(let bytes): bytes
        case .about(let bytes): Int(min(1.25 * Double(bytes) + 1e6, 1e15))
        case nil: 8 << 30
        }
    }

    /// The size in words, for example "41 MB" or "about 379 MB"; nil when it is not known.
    public var sizeText: String? {
        switch size {
        case .exact(let bytes): bytes.asBytes
        case .about(let bytes): "about \(bytes.asBytes)"
        case nil: nil
        }
    }
}

extension Int {
    /// The number of bytes in words, in steps of 1000: "812 bytes", "41 MB", "2.56 GB".
    public var asBytes: String {
        let value = Double(self)
        switch self {
        case ..<1000: return "\(self) bytes"
        case ..<1_000_000: return String(format: "%.0f KB", value / 1e3)
        case ..<10_000_000: return String(format: "%.1f MB", value / 1e6)
        case ..<1_000_000_000: return String(format: "%.0f MB", value / 1e6)
        default: return String(format: "%.2f GB", value / 1e9)
        }
    }
}
