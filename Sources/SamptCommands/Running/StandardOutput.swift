import Foundation

/// Results: tables, names of files, JSON. Messages go to `StandardError`.
enum StandardOutput {
    /// A line of text.
    static func print(_ line: String) { write(line.printable + "\n") }

    /// A JSON document.
    static func print(json: String) { write(json.printableJSON + "\n") }

    /// The path of a file that there is now, as it is where a program reads it.
    static func print(path: String) { write((isatty(STDOUT_FILENO) == 1 ? path.printable : path) + "\n") }

    /// Several lines of the program's own text, such as help.
    static func print(lines: String) { for line in lines.split(separator: "\n", omittingEmptySubsequences: false) { print(String(line)) } }

    private static func write(_ text: String) { Swift.print(text, terminator: "") }
}
