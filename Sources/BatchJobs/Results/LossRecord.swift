import Foundation

/// The runs that ended in the midst of a video without giving it back: killed together with their workers, or with their machine.
///
/// Mostly that is not the video's fault. But one that takes its whole machine along would be met first by every run that a scheduler starts
/// in place of the last. So such videos come last and alone, and after `greatestCount` runs they are set aside. A run that is told to end
/// gives back what it has, and does not count.
struct LossRecord: Sendable, Equatable, Codable {
    struct Run: Sendable, Equatable, Codable {
        var id: String
        var host: String
    }

    /// What was asked for; something else begins anew.
    var key: JobKey
    var runs: [Run] = []

    static let greatestCount = 4

    /// Why a video is set aside, in words.
    var reason: String {
        let last = runs.last.map { ", the last one on \($0.host) (logs/\($0.id)-*.log)" } ?? ""
        return "\(runs.count) runs ended in the midst of it without giving it back\(last): killed, or their machines failed."
    }
}

extension BatchFolder {
    private var lossFolder: String { path + "/lost" }
    private func lossPath(_ id: String) -> String { "\(lossFolder)/\(id).json" }

    /// By video.
    func losses() throws -> [String: LossRecord] {
        guard access(lossFolder, F_OK) == 0 else { return [:] }
        var losses: [String: LossRecord] = [:]
        for name in try FolderNames.all(in: lossFolder) where name.hasSuffix(".json") && !name.hasPrefix(".") {
            let id = String(name.dropLast(5))
            losses[id] = loss(of: id)
        }
        return losses
    }

    /// nil where there is none that can be read.
    func loss(of id: String) -> LossRecord? {
        (try? SmallFile.read(lossPath(id))).flatMap { try? JSONDecoder().decode(LossRecord.self, from: $0) }
    }

    /// - Throws: `BatchError.unwritable`.
    func write(_ record: LossRecord, of id: String) throws {
        try SmallFile.replace(lossPath(id), with: JSONLine.encode(record) + Data("\n".utf8))
    }

    func forgetLosses(of id: String) { unlink(lossPath(id)) }
}
