import Foundation

/// Messages for the person at the terminal; stdout is kept for results.
enum StandardError {
    static func print(_ line: String) { write(line.printable + "\n") }

    /// Several lines of the program's own text, such as the usage after an error.
    static func print(lines: String) { for line in lines.split(separator: "\n", omittingEmptySubsequences: false) { print(String(line)) } }

    /// Text as it is, with what moves the cursor.
    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
