import Foundation

/// Results: tables, names of files, JSON. Messages go to `StandardError`.
package enum StandardOutput {
    /// A line of text.
    package static func print(_ line: String) { write(line.printable + "\n") }

    /// A JSON document.
    package static func print(json: String) { write(json.printableJSON + "\n") }

    /// A JSON document that somebody waits for.
    package static func printNow(json: String) { printNow(text: json.printableJSON) }

    /// As `print`, for readers that wait for the line.
    package static func printNow(_ line: String) { printNow(text: line.printable) }

    private static func printNow(text: String) {
        write(text + "\n")
        _ = StandardStreams.flushOutput()
    }

    /// The path of a file that there is now, as it is where a program reads it.
    static func print(path: String) { write((isatty(STDOUT_FILENO) == 1 ? path.printable : path) + "\n") }

    /// The program's own words, as they are: help, a script for a shell's completion.
    static func print(own text: String) { write(text + "\n") }

    private static func write(_ text: String) { Swift.print(text, terminator: "") }
}
