import Foundation
import Media
import Support

/// What is to be exported where.
struct ExportWish {
    var format: String
    /// nil: the browser saves it.
    var path: String?

    init(_ body: [UInt8]) throws {
        let wish = try Wish(body)
        guard let format = wish.format else { throw RequestError(400, "The request lacks a \"format\".") }
        self.format = format
        if wish.isDownload { return }
        guard let path = wish.path, path.hasPrefix("/") || path.hasPrefix("~/"), !path.contains("\0") else {
            throw RequestError(400, "A place to write to begins with / (or ~/).")
        }
        self.path = (path as NSString).expandingTildeInPath
    }
}

/// Writes masks for the page: into a folder of this computer, or into a file that the browser saves.
final class ExportService: Sendable {
    private let project: AnnotatorProject
    private let events: EventHub
    private let state = Protected(State())

    private struct State {
        var last = 0
        var task: Task<Void, Never>?
        /// What was told last of the newest one.
        var news: ExportNews?
        /// Of downloads that are ready.
        var files: [Int: (path: String, name: String, folder: String)] = [:]
    }

    init(_ project: AnnotatorProject, _ events: EventHub) { (self.project, self.events) = (project, events) }

    /// - Throws: `RequestError` while another one runs.
    func start(_ wish: ExportWish) throws -> [String: Int] {
        guard let format = project.formats.first(where: { $0.name == wish.format }) else {
            throw RequestError(400, "There is no format \"\(wish.format)\".")
        }
        let number = try state.withLock { state in
            guard state.task == nil else { throw RequestError(409, "An export is being written. Wait for its end.") }
            state.last += 1
            let number = state.last
            state.news = ExportNews(export: number, done: 0, total: 0)
            state.task = Task { await self.run(number, format, wish.path) }
            return number
        }
        return ["export": number]
    }

    func close() {
        let (task, files) = state.withLock { ($0.task, $0.files) }
        task?.cancel()
        for file in files.values { try? FileManager.default.removeItem(atPath: file.folder) }
    }

    /// What was told last of the newest export, for a page that may not have heard it.
    /// - Throws: `RequestError` of all others.
    func news(_ number: Int) throws -> ExportNews {
        guard let news = state.withLock({ $0.news }), news.export == number else { throw RequestError.notFound }
        return news
    }

    /// - Throws: `RequestError` where there is none.
    func file(_ number: Int) throws -> HTTPResponse {
        guard let file = state.withLock({ $0.files[number] }),
            let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? NSNumber
        else { throw RequestError.notFound }
        return .download(path: file.path, size: size.intValue, name: file.name)
    }

    private func run(_ number: Int, _ format: AnnotatorFormat, _ path: String?) async {
        var news = ExportNews(export: number, done: 0, total: 0)
        do {
            if let path {
                try await write(number, format, to: path)
                news.path = path
            } else {
                try await prepareDownload(number, format)
                news.download = "api/exports/\(number)/file"
            }
        } catch {
            news.error = (error as? any DescribedError)?.description ?? String(describing: error)
        }
        let last = news
        state.withLock { ($0.task, $0.news) = (nil, last) }
        events.send("export", last)
    }

    private func write(_ number: Int, _ format: AnnotatorFormat, to path: String) async throws {
        let told = Protected(ContinuousClock.now - .seconds(1))
        try await project.export(format.name, path) { [state, events] done, total in
            let isTime = told.withLock { told in
                guard done == total || told.secondsAgo > 0.2 else { return false }
                told = .now
                return true
            }
            guard isTime else { return }
            let news = ExportNews(export: number, done: done, total: total)
            state.withLock { $0.news = news }
            events.send("export", news)
        }
    }

    private func prepareDownload(_ number: Int, _ format: AnnotatorFormat) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-export-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            let base = (project.session.video.name as NSString).deletingPathExtension
            let name = base.isEmpty ? "masks" : base
            let target = "\(folder)/\(name)\(format.fileExtension)"
            try await write(number, format, to: target)
            var ready = target
            if format.isFolder {
                ready = "\(folder)/\(name).zip"
                try await onThread { [ready] in try ZipFile.write(folder: target, to: ready) }
            }
            let made = (path: ready, name: (ready as NSString).lastPathComponent, folder: folder)
            // One download is kept; the one before is gone by then, or will not be fetched any more.
            let old = state.withLock { state in
                defer { state.files = [number: made] }
                return state.files.values.map(\.folder)
            }
            for folder in old { try? FileManager.default.removeItem(atPath: folder) }
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }
}
