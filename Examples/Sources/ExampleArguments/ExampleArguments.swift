import Foundation
import SAMPTKit

/// The words that an example is started with, by the names that its usage has for them:
///
///     let arguments = ExampleArguments("VIDEO X Y FOLDER")
///     print(arguments["VIDEO"], arguments.click.position)
public struct ExampleArguments {
    private let words: [String: String]
    /// A click on the object, at X and Y in pixels of the frame.
    public let click: PointPrompt

    /// Prints the usage and ends the program where the words are too few or too many, or X and Y no numbers.
    /// - Parameter usage: the arguments' names, X and Y among them.
    public init(_ usage: String) {
        let (names, given) = (usage.split(separator: " ").map(String.init), CommandLine.arguments.dropFirst())
        words = Dictionary(zip(names, given)) { first, _ in first }
        guard names.count == given.count, let x = words["X"].flatMap(Float.init), let y = words["Y"].flatMap(Float.init) else {
            let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").lastPathComponent
            FileHandle.standardError.write(Data("usage: \(program) \(usage)\n".utf8))
            exit(64)
        }
        click = .positive(x, y)
    }

    /// The word that stands where the usage has `name`.
    public subscript(_ name: String) -> String { words[name] ?? "" }
}
