import Foundation

/// Messages for the person at the terminal; stdout is kept for results. What cannot be shown (a closed terminal, a full disk) is dropped:
/// no message is worth the work.
package enum StandardError {
    package static func print(_ line: String) { write(line.printable + "\n") }

    /// Several lines of the program's own text, such as the usage after an error.
    static func print(lines: String) { for line in lines.split(separator: "\n", omittingEmptySubsequences: false) { print(String(line)) } }

    /// Text as it is, with what moves the cursor.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count, let start = bytes.baseAddress {
                let count = Foundation.write(STDERR_FILENO, start + written, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }

    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
