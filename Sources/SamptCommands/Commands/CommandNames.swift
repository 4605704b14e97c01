import ArgumentParser
import SAMPT

/// The commands' names, to say what was meant where one is misspelt.
enum CommandNames {
    /// What is wrong with the names of commands at the beginning of the arguments; nil where nothing is.
    static func fault(in arguments: [String], of root: any ParsableCommand.Type = Sampt.self) -> String? {
        let isHelp = arguments.first == "help"
        var command = root
        var path = [name(of: root)]
        for argument in isHelp ? arguments.dropFirst() : arguments[...] {
            let known = command.configuration.subcommands
            // Options, and what follows a command without further ones, are not names of commands.
            guard !argument.hasPrefix("-"), !known.isEmpty, argument != "help" || path.count > 1 else { return nil }
            guard let next = known.first(where: { name(of: $0) == argument }) else {
                let names = known.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
                return "\(path.joined(separator: " ")): there is no command \"\(argument)\".\(names.guess(for: argument)) "
                    + "Commands are \(names.joined(separator: ", "))."
            }
            command = next
            path.append(argument)
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String { command.configuration.commandName ?? command._commandName }
}
