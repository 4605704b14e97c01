import Foundation

/// Messages for the person at the terminal; stdout is kept for results.
enum StandardError {
    static func print(_ line: String) { write(line + "\n") }

    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
