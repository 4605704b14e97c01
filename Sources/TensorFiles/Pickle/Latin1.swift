import Foundation

/// Bytes written as text: pickles of protocol 2 and lower have no bytes and hold them as the characters U+0000 to U+00FF, in UTF-8.
enum Latin1 {
    /// How many bytes the text stands for; nil where a character is beyond U+00FF.
    static func count(_ text: UnsafeRawBufferPointer) -> Int? {
        var count = 0
        var i = 0
        while i < text.count {
            if text[i] >= 0x80 {
                guard text[i] == 0xc2 || text[i] == 0xc3, i + 1 < text.count, text[i + 1] & 0xc0 == 0x80 else { return nil }
                i += 1
            }
            i += 1
            count += 1
        }
        return count
    }

    /// The bytes that `range` of `data` stands for; nil where a character is beyond U+00FF.
    static func bytes(of data: Data, _ range: Range<Int>) -> Data? {
        data.withUnsafeBytes { file in
            let text = UnsafeRawBufferPointer(rebasing: file[range])
            guard let count = count(text) else { return nil }
            var bytes = Data(capacity: count)
            var i = 0
            while i < text.count {
                if text[i] < 0x80 {
                    bytes.append(text[i])
                    i += 1
                } else {
                    bytes.append((text[i] & 0x03) << 6 | text[i + 1] & 0x3f)
                    i += 2
                }
            }
            return bytes
        }
    }
}
