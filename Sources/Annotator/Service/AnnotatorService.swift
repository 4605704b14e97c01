import Foundation
import Media
import SAMPT
import Support

/// Answers the page's requests. What is asked of the session runs on the session's threads, pictures and files on threads of their own:
/// the server stays quick while everything is being tracked.
final class AnnotatorService: Sendable {
    let project: AnnotatorProject
    let events: EventHub
    let tracking: TrackingService
    let exports: ExportService
    let frameNews: FrameNews
    private let pictures: FramePictures
    private let page: PageFiles
    private let access: AccessGuard
    private let (previews, preparations) = (NewestFirst(), NewestFirst())
    private let changes = Protected(0)
    /// Masks of the frame that was changed last, which may be in the making still.
    let masksAhead = Protected<MasksAhead?>(nil)

    var session: AnnotationSession { project.session }

    init(_ project: AnnotatorProject, page: PageFiles, access: AccessGuard, limits: ServerLimits = ServerLimits()) {
        (self.project, self.page, self.access) = (project, page, access)
        events = EventHub(most: limits.eventStreams)
        frameNews = FrameNews(events)
        pictures = FramePictures(project.pictures)
        tracking = TrackingService(project.session, events, frameNews)
        exports = ExportService(project, events)
    }

    /// Grows with everything that a page must hear of.
    var revision: Int { changes.withLock { $0 } }

    /// Tells all pages that something has changed.
    func noteChange() {
        let revision = changes.withLock { changes in
            changes += 1
            return changes
        }
        events.send("state", ["revision": revision])
    }

    func close() {
        tracking.cancel()
        exports.close()
        events.close()
    }

    func prepareFirstPicture() async { _ = try? await pictures.jpeg(0, width: nil) }

    /// The answer to who may not ask; nil to others.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        if case .refused(let status, let sentence) = access.judge(request) { .error(status, sentence) } else { nil }
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        switch access.judge(request) {
        case .refused(let status, let sentence): return .error(status, sentence)
        case .takesToken:
            // The token leaves the address, and with it the browser's history.
            return HTTPResponse(status: 303, headers: [("Location", "/"), ("Set-Cookie", cookie), ("Cache-Control", "no-store")])
        case .allowed: break
        }
        do {
            return try await route(request)
        } catch is CancellationError {
            return .error(503, "The program is ending.")
        } catch let error as RequestError {
            return .error(error.status, error.sentence)
        } catch let error as SessionError {
            return .error(error == .isPropagating ? 409 : 400, error.description)
        } catch let error as any DescribedError {
            return .error(400, error.description)
        } catch {
            return .error(500, String(describing: error))
        }
    }

    /// Outlives the browser, so that a bookmark without the token stays good.
    private var cookie: String {
        "\(access.cookie)=\(access.token); HttpOnly; SameSite=Strict; Path=/; Max-Age=\(Int(AccessMemory.lifetime))"
    }

    private func route(_ request: HTTPRequest) async throws -> HTTPResponse {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch (request.method, parts.first, parts.count) {
        case ("GET", nil, _), ("HEAD", nil, _):
            guard var index = page.response("index.html") else { return .error(404, "There is no such page.") }
            // Each time that the page is opened, its days begin anew.
            index.headers.append(("Set-Cookie", cookie))
            return index
        case ("GET", "page", 2), ("HEAD", "page", 2): return page.response(parts[1]) ?? .error(404, "There is no such file.")
        case ("GET", "api", 2...): return try await look(parts.dropFirst().joined(separator: "/"), parts, request)
        case ("POST", "api", 2...): return try await act(parts.dropFirst().joined(separator: "/"), request)
        case ("GET", _, _), ("HEAD", _, _): return .error(404, "There is no such page.")
        default: return .error(405, "\(request.method) is not taken here.")
        }
    }

    // MARK: Looking

    private func look(_ place: String, _ parts: [String], _ request: HTTPRequest) async throws -> HTTPResponse {
        switch (parts[1], parts.count) {
        case ("project", 2): return .json(projectAnswer())
        case ("state", 2): return .json(stateAnswer())
        case ("timeline", 2): return .json(try await timelineAnswer())
        case ("events", 2):
            guard let stream = events.listen() else { throw RequestError(429, "Too many pages are open. Close some.") }
            return HTTPResponse(status: 200, body: .events(stream))
        case ("frames", 3):
            guard let frame = Int(parts[2].hasSuffix(".jpg") ? String(parts[2].dropLast(4)) : parts[2]) else { throw RequestError.notFound }
            try check(frame: frame)
            let width = request.number("width").map { max(16, min(16384, $0)) }
            // Another video at the same address has other pictures: only what names this one may be kept.
            let isKept = request.query["v"] == project.videoKey
            return .bytes(try await pictures.jpeg(frame, width: width), type: "image/jpeg", isImmutable: isKept)
        case ("masks", 3):
            guard let frame = Int(parts[2]) else { throw RequestError.notFound }
            try check(frame: frame)
            return .json(try await masksAnswer(frame, isWhole: request.query["whole"] != nil))
        case ("tracks", 3):
            guard let id = ObjectID(parts[2]), id > 0, let from = request.number("from"), let to = request.number("to"), from >= 0,
                from <= to, to - from < 512
            else { throw RequestError(400, "Tracks are asked for by object, from and to (at most 512 frames).") }
            return .json(try await tracksAnswer(id, from...to))
        case ("exports", 3):
            guard let id = Int(parts[2]) else { throw RequestError.notFound }
            return .json(try exports.news(id))
        case ("exports", 4) where parts[3] == "file":
            guard let id = Int(parts[2]) else { throw RequestError.notFound }
            return try exports.file(id)
        default: throw RequestError.notFound
        }
    }

    func check(frame: Int) throws {
        let count = session.video.frameCount
        guard (0..<count).contains(frame) else { throw RequestError(404, "Frame \(frame) does not exist: the video has \(count).") }
    }

    // MARK: Acting

    private func act(_ place: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        switch place {
        case "edits": return try await edit(request)
        case "choose": return try await choose(request)
        case "prepare": return try await prepare(request)
        case "preview": return try await preview(request)
        case "candidates": return try await candidates(request)
        case "propagate": return try await propagate(request)
        case "cancel":
            tracking.cancel()
            return .json([String: Int]())
        case "export": return .json(try exports.start(ExportWish(request.body)), status: 202)
        case "import": return try await importMasks(request)
        default: throw RequestError.notFound
        }
    }

    private func edit(_ request: HTTPRequest) async throws -> HTTPResponse {
        let edit = try Self.edit(request.body)
        if case .undo = edit, await tracking.endBeforeUndo() { return .json(cancellation()) }
        if case .propagate = edit { throw RequestError(400, "Tracking is asked for at /api/propagate.") }
        return await answer(try await apply(edit), to: request)
    }

    /// The masks of the frame that the page shows come along where they are there soon: a request less while they are computed.
    private func answer(_ change: ChangeAnswer, to request: HTTPRequest) async -> HTTPResponse {
        guard let frame = request.number("masks"), let changed = change.frames, changed[0] <= frame, frame <= changed[1] else {
            return .json(change)
        }
        var answer = change
        answer.masks = await masksSoon(frame)
        return .json(answer)
    }

    func apply(_ edit: Edit) async throws -> ChangeAnswer {
        tell(try await session.apply(edit))
    }

    private func tell(_ change: SessionChange) -> ChangeAnswer {
        noteChange()
        if let frames = change.frames { frameNews.tell(Dictionary(uniqueKeysWithValues: Set(change.objects).map { ($0, [frames]) })) }
        var added: ObjectID?
        if case .addObject(let object, _, _, _) = change.logged.edit { added = object }
        return ChangeAnswer(
            revision: revision, objects: change.objects, added: added, frames: change.frames.map { [$0.lowerBound, $0.upperBound] },
            version: frameNews.version, canUndo: change.canUndo, canRedo: change.canRedo)
    }

    /// The answer to an undo that has ended the tracking, and taken nothing back.
    private func cancellation() -> ChangeAnswer {
        ChangeAnswer(
            revision: revision, objects: [], added: nil, frames: nil, version: frameNews.version, hasCancelled: true,
            canUndo: session.canUndo, canRedo: session.canRedo)
    }

    static func edit(_ body: [UInt8]) throws -> Edit {
        guard let text = String(validating: body, as: UTF8.self) else { throw RequestError(400, "The request is no text in UTF-8.") }
        return try Edit(json: text)
    }

    private func choose(_ request: HTTPRequest) async throws -> HTTPResponse {
        let wish = try Wish(request.body)
        let (place, index) = (try wish.place(), try wish.index())
        try check(frame: place.frame)
        return await answer(tell(try await session.choose(index, of: place.object, at: place.frame)), to: request)
    }

    /// A page rests on a frame: what a click in it needs is made ready.
    private func prepare(_ request: HTTPRequest) async throws -> HTTPResponse {
        let frame = try Wish(request.body).frame()
        try check(frame: frame)
        // While everything is tracked, the networks have other work. What goes wrong here is said when it is asked for.
        if !tracking.isRunning, project.missingModels == nil {
            _ = try? await preparations.run { [session] in try await session.prepare(frame) }
        }
        return .json([String: Int]())
    }

    private func preview(_ request: HTTPRequest) async throws -> HTTPResponse {
        let wish = try Wish(request.body)
        let frame = try wish.frame()
        try check(frame: frame)
        let point = try wish.point()
        guard
            let found = try await previews.run({ [session] in
                try await session.preview(of: wish.object, at: frame, adding: point)
            })
        else { throw RequestError(409, "A newer preview was asked for.") }
        return .json(PreviewAnswer(rle: found?.mask, score: found?.predictedIoU))
    }

    private func candidates(_ request: HTTPRequest) async throws -> HTTPResponse {
        let place = try Wish(request.body).place()
        try check(frame: place.frame)
        let found = try await session.candidates(of: place.object, at: place.frame)
        return .json(CandidatesAnswer(candidates: found.map { .init(index: $0.index, score: $0.score, rle: $0.mask) }))
    }

    private func propagate(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard case .propagate(let propagation) = try Self.edit(request.body) else {
            throw RequestError(400, "This is not a propagation.")
        }
        try tracking.start(propagation) { [weak self] in self?.noteChange() }
        noteChange()
        return .json(["started": true], status: 202)
    }
}

/// A request that is not done, and why.
struct RequestError: Error {
    var status: Int
    var sentence: String

    init(_ status: Int, _ sentence: String) { (self.status, self.sentence) = (status, sentence) }

    static let notFound = RequestError(404, "There is nothing at this address.")
}
