import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Examples can be pasted: in every command's help and in the guides")
struct ExampleTests {
    /// Every command of the program.
    private static let commands: [any ParsableCommand.Type] = {
        func below(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            [command] + command.configuration.subcommands.flatMap(below)
        }
        return below(Sampt.self)
    }()

    /// The command lines in a text, continued lines joined: what stands in lines that begin with the program's name, or after a pipe.
    private func examples(in text: String, isHelp: Bool) -> [String] {
        var examples: [String] = []
        var isOpen = isHelp
        var continued: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isOpen = line == "```sh"
                continue
            }
            guard isOpen, !isHelp || line.hasPrefix("  ") || continued != nil else { continue }
            let whole = (continued ?? "") + line
            continued = whole.hasSuffix("\\") ? String(whole.dropLast()) : nil
            guard continued == nil, let part = whole.components(separatedBy: " | ").last?.trimmingCharacters(in: .whitespaces),
                part.hasPrefix("sampt ")
            else { continue }
            examples.append(part)
        }
        return examples
    }

    /// The arguments of a command line without its comment and where its output goes.
    private func arguments(of example: String) -> [String] {
        let words = example.split(whereSeparator: \.isWhitespace).map(String.init)
        return Array(words.prefix { $0 != "#" && $0 != ">" }.dropFirst())
    }

    private func expectParsed(_ example: String, _ place: String) {
        let arguments = arguments(of: example)
        #expect(CommandNames.fault(in: arguments) == nil, "\(place): \(example)")
        #expect(throws: Never.self, "\(place): \(example)") { _ = try Sampt.parseAsRoot(arguments) }
    }

    @Test("Help")
    func help() {
        var count = 0
        for command in Self.commands {
            let shown = examples(in: command.helpMessage(columns: 80), isHelp: true)
            #expect(
                shown == examples(in: command.helpMessage(columns: 100_000), isHelp: true),
                "\(command): an example is broken by the width of a terminal")
            for example in shown { expectParsed(example, "\(command)") }
            count += shown.count
        }
        #expect(count >= 25, "\(count)")
    }

    @Test(
        "Guides",
        arguments: ["README.md": 1, "docs/cli.md": 25, "docs/evaluation.md": 20, "docs/point-benchmarks.md": 8, "docs/results.md": 3])
    func guides(file: String, least: Int) throws {
        let text = try String(contentsOf: Fixtures.packageRoot.appendingPathComponent(file), encoding: .utf8)
        let found = examples(in: text, isHelp: false)
        #expect(found.count >= least, "\(found)")
        for example in found { expectParsed(example, file) }
    }

    @Test("A broken example is noticed")
    func broken() {
        let text = "  sampt segment x.mp4 --point 1,2 --overlay\nout.mp4\n  a | sampt image p.png \\\n    --point 1,2\n"
        #expect(examples(in: text, isHelp: true) == ["sampt segment x.mp4 --point 1,2 --overlay", "sampt image p.png     --point 1,2"])
        #expect(throws: (any Error).self) { try Sampt.parseAsRoot(arguments(of: "sampt segment x.mp4 --point 1,2 --overlay")) }
    }
}

@Suite("Names of commands that there are not")
struct CommandNameTests {
    @Test(
        "are errors that say what was meant",
        arguments: [
            (["segmnt", "x.mp4"], "sampt: there is no command \"segmnt\". Did you mean segment?"),
            (["help", "nothing"], "sampt: there is no command \"nothing\". Commands are segment, annotate, "),
            (["help", "evaluate", "pionts"], "sampt evaluate: there is no command \"pionts\". Did you mean points?"),
            (["models", "lst"], "sampt models: there is no command \"lst\". Did you mean list?"),
            (["evaluate", "davis216"], "Did you mean davis2016?"),
            (["preset"], "Did you mean presets?"),
        ])
    func unknown(arguments: [String], message: String) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == CommandStatus.usage.rawValue)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test("Scripts for completion are the parser's, byte for byte", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let outcome = try Program.run(["--generate-completion-script", shell])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let script = Sampt.completionScript(for: try #require(CompletionShell(rawValue: shell)))
        #expect(outcome.output == script + "\n")
    }

    @Test(
        "Help of those that there are",
        arguments: [["help"], ["help", "segment"], ["help", "models", "pull"], ["models", "--help"], ["models"], []])
    func known(arguments: [String]) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("OVERVIEW: ") && outcome.output.contains("USAGE: sampt"))
        #expect(outcome.errors.isEmpty)
    }
}
