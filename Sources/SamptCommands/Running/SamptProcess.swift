import ArgumentParser
import Foundation
import SegmentationJobs

extension AsyncParsableCommand {
    /// To be called first. Ends the process with a message where the shell allows so little memory (`ulimit -v`) that not even threads
    /// could start.
    package static func prepareProcess() {
        StandardStreams.prepare()
        do { try MemoryNeed.program.check() } catch {
            StandardError.print("sampt: \(error)")
            Foundation.exit(CommandStatus(error).rawValue)
        }
    }

    /// Runs the program, after `prepareProcess`, as a process: with its arguments, its streams, and a status for the shell.
    /// - Parameter handOn: asked first whether the arguments are for another program; its status where they are and it could not be
    ///   started.
    /// - Returns: the exit status. Status 74 stands for results on the standard output that could not be written, where nothing worse
    ///   happened.
    package static func runProcess(handingOn handOn: ([String]) -> CommandStatus? = { _ in nil }) async -> Int32 {
        if let what = ProgramArguments.firstThatIsNoText() {
            StandardError.print("sampt: \(what) is not UTF-8. Rename the file or folder, or give it a second name: ln -s.")
            return CommandStatus.usage.rawValue
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let status = handOn(arguments) { return status.rawValue }
        let status = await run(arguments)
        guard !StandardStreams.flushOutput() else { return status }
        StandardError.print("sampt: standard output cannot be written (it is closed, or its disk is full): results that go there are lost.")
        return status == CommandStatus.success.rawValue ? CommandStatus.unwritableStandardOutput.rawValue : status
    }

    private static func run(_ arguments: [String]) async -> Int32 {
        if let fault = CommandNames.fault(in: arguments, of: Self.self) {
            StandardError.print(fault)
            return CommandStatus.usage.rawValue
        }
        do {
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            return CommandStatus.success.rawValue
        } catch {
            let (code, message) = (exitCode(for: error), fullMessage(for: error))
            let suspect = ProgramArguments.firstThatLooksLikeOptions(arguments)
            if code.isSuccess, let suspect, !ProgramArguments.askForHelp(arguments) {
                StandardError.print("sampt: \(suspect) is no option. A file whose name begins with a dash is written ./\(suspect)")
                return CommandStatus.usage.rawValue
            }
            if code.isSuccess {
                StandardOutput.print(own: message)
            } else if !message.isEmpty {
                StandardError.print(lines: message)
                if let suspect, FileManager.default.fileExists(atPath: suspect) {
                    StandardError.print("A file whose name begins with a dash is written ./\(suspect)")
                }
            }
            return code.rawValue
        }
    }
}
