import ArgumentParser
import Foundation
import ModelStore
import SegmentationJobs

struct ModelsPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Download models, going on where an interrupted download stopped.",
        discussion: """
            Each file is compared with the published MD5 before it gets its name; where its authors publish none, its network is recognised in it. Ctrl-C keeps what came; the same command goes on from there.

              sampt models pull mobile-sam cotracker-s4-w8
              sampt models pull sam-vit-b \\
                --from https://mirror.example.org/sam_vit_b_01ec64.pth

            SAMPT_MODELS_MIRROR is the address of a folder with files named as in the store, used in place of the published addresses. \
            Proxies are taken from http_proxy, https_proxy and no_proxy.

            \(CommandStatus.help)
            """)

    @Argument(help: ArgumentHelp("The models.", valueName: "name"))
    var names: [String]
    @Option(help: ArgumentHelp("The address of the file itself, in place of the published one; for one model.", valueName: "url"))
    var from: String?
    @Option(help: ArgumentHelp("Seconds without a byte after which a transfer has failed and is tried again.", valueName: "seconds"))
    var timeout = DownloadOptions().stallTimeout
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout must be between 1 and 3600.") }
        if from != nil, names.count != 1 { throw ValidationError("--from is for one model: name one.") }
    }

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore(contentCheck: CheckpointContent.objection)
            let models = try store.named(names)
            let addresses = try models.map { try store.address(of: $0, override: from) }
            let interruption = Interruption()
            interruption.listen()
            for (model, address) in zip(models, addresses) {
                guard try await pull(model, from: address, into: store, interruption) else { return .interrupted }
            }
            return .success
        }
    }

    /// - Returns: false when it was interrupted.
    private func pull(_ model: PublishedModel, from address: URL, into store: ModelStore, _ interruption: Interruption) async throws -> Bool
    {
        let reporter = DownloadReporter(model.name, isQuiet: quiet)
        var options = DownloadOptions()
        options.stallTimeout = timeout
        if !quiet, case .absent = store.state(of: model) {
            StandardError.print("\(model.name): \(model.network), licence \(model.licence)")
        }
        let work = Task { [options] in try await store.pull(model, from: address, options: options) { reporter.show($0) } }
        interruption.onRequest { work.cancel() }
        defer { reporter.close() }
        do {
            let file = try await work.value
            reporter.close()
            if case .present(_, isPublished: false) = store.state(of: model), !quiet {
                StandardError.print(
                    "\(model.name): is there, but not the published file. \"sampt models remove \(model.name)\" makes room for it.")
            }
            StandardOutput.print(path: file.path)
            return true
        } catch is CancellationError where interruption.isRequested {
            reporter.close()
            let kept = store.state(of: model)
            if case .partial(let bytes) = kept {
                StandardError.print("Interrupted. The \(bytes.asBytes) that came are kept: the same command goes on from there.")
            } else {
                StandardError.print("Interrupted.")
            }
            return false
        } catch {
            reporter.close()
            throw error
        }
    }
}
