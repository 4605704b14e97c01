import Media

/// What edits are checked against.
struct SessionLimits: Sendable {
    var size: ImageSize
    var frameCount: Int

    func check(frame: Int) throws {
        guard (0..<frameCount).contains(frame) else { throw SessionError.frameOutOfRange(frame: frame, frameCount: frameCount) }
    }

    func check(position: SIMD2<Float>) throws {
        guard size.contains(position) else { throw SessionError.pointOutside(x: position.x, y: position.y, size: size) }
    }

    func check(_ box: Box) throws {
        let isInside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= Float(size.width) && box.y1 <= Float(size.height)
        guard isInside, box.width >= 1, box.height >= 1 else { throw SessionError.boxOutside(size: size) }
    }

    func check(_ mask: RunLengthMask) throws {
        guard mask.size == size else { throw SessionError.maskSizeDiffers(mask: mask.size, frame: size) }
    }

    func check(_ stroke: BrushStroke) throws {
        guard !stroke.path.isEmpty else { throw SessionError.invalidStroke(reason: "it has no points") }
        guard stroke.path.count <= 100_000 else { throw SessionError.invalidStroke(reason: "it has more than 100000 points") }
        guard !stroke.isLasso || stroke.path.count >= 3 else {
            throw SessionError.invalidStroke(reason: "a lasso has three points at least")
        }
        guard stroke.radius >= 0.5, stroke.radius <= Float(size.longestSide) else {
            throw SessionError.invalidStroke(reason: "its radius must be 0.5 to the frame's longest side")
        }
        // A brush may go over the edge.
        let reach = 4 * Float(size.longestSide)
        guard stroke.path.allSatisfy({ abs($0.x) <= reach && abs($0.y) <= reach }) else {
            throw SessionError.invalidStroke(reason: "a point lies far outside the frame")
        }
    }

    func check(_ range: ClosedRange<Int>?) throws {
        guard let range else { return }
        guard range.lowerBound >= 0, range.upperBound < frameCount else {
            throw SessionError.invalidRange(range, frameCount: frameCount)
        }
    }

    static func check(name: String) throws {
        guard !name.isEmpty else { throw SessionError.invalidName }
        try check(text: name)
    }

    static func check(text: String) throws {
        guard text.count <= 200, !text.contains(where: \.isNewline) else { throw SessionError.invalidName }
    }
}

extension SessionState {
    /// Takes note of an edit with everything filled in; not of undo, redo and `reached`, which are no state's business.
    mutating func apply(_ edit: Edit, _ limits: SessionLimits) throws {
        switch edit {
        case .addObject(let object, let name, let color, let category):
            try add(object ?? 0, name, color, category)
        case .renameObject(let object, let name):
            try SessionLimits.check(name: name)
            try change(object) { $0.name = name }
        case .recolorObject(let object, let color): try change(object) { $0.color = color }
        case .categorizeObject(let object, let category):
            try SessionLimits.check(text: category ?? "")
            try change(object) { $0.category = category }
        case .removeObject(let object):
            try change(object) { _ in }
            objects.removeAll { $0.id == object }
            order?.removeAll { $0 == object }
        case .orderObjects(let order):
            guard order.sorted() == objects.map(\.id).sorted() else { throw SessionError.incompleteOrder }
            self.order = order
        case .propagate(let propagation): take(propagation)
        case .group(let edits): for edit in edits { try apply(edit, limits) }
        case .reached, .undo, .redo: break
        default: try applyPrompt(edit, limits)
        }
    }

    private mutating func add(_ id: ObjectID, _ name: String?, _ color: Color?, _ category: String?) throws {
        guard (1...65535).contains(id) else { throw SessionError.invalidObjectNumber(id) }
        guard object(id) == nil else { throw SessionError.objectExists(id) }
        let name = name ?? "object \(id)"
        try SessionLimits.check(name: name)
        try SessionLimits.check(text: category ?? "")
        objects.append(SessionObject(id: id, name: name, color: color, category: category))
        order?.insert(id, at: 0)
    }

    private mutating func change(_ id: ObjectID, _ body: (inout SessionObject) throws -> Void) throws {
        guard let place = objects.firstIndex(where: { $0.id == id }) else { throw SessionError.unknownObject(id) }
        try body(&objects[place])
    }

    private mutating func applyPrompt(_ edit: Edit, _ limits: SessionLimits) throws {
        switch edit {
        case .addPoint(let place, let point, let position, let isPositive, let base):
            try limits.check(position: position)
            try change(place, base, limits) { object, anchor in
                let id = point ?? object.nextPoint
                guard id >= 0, id < 1 << 30, !object.anchors.values.contains(where: { $0.points.contains { $0.id == id } }) else {
                    throw SessionError.pointExists(id, object: object.id)
                }
                object.nextPoint = max(object.nextPoint, id + 1)
                anchor.say { $0.points.append(AnchorPoint(id: id, position: position, isPositive: isPositive)) }
            }
        case .movePoint(let place, let point, let position):
            try limits.check(position: position)
            try change(place, nil, limits) { object, anchor in
                guard let index = anchor.points.firstIndex(where: { $0.id == point }) else {
                    throw SessionError.unknownPoint(point, object: object.id, frame: place.frame)
                }
                anchor.say { $0.points[index].position = position }
            }
        case .removePoint(let place, let point):
            try change(place, nil, limits) { object, anchor in
                guard let index = anchor.points.firstIndex(where: { $0.id == point }) else {
                    throw SessionError.unknownPoint(point, object: object.id, frame: place.frame)
                }
                anchor.say { $0.points.remove(at: index) }
            }
        case .moveTrack(let place, let track, let position, let base):
            try limits.check(position: position)
            try change(place, base, limits) { object, anchor in
                let point = try anchor.take(track, object: object.id, frame: place.frame)
                let id = object.nextPoint
                object.nextPoint += 1
                anchor.say { $0.points.append(AnchorPoint(id: id, position: position, isPositive: point.isPositive)) }
            }
        case .removeTrack(let place, let track, let base):
            try change(place, base, limits) { object, anchor in
                _ = try anchor.take(track, object: object.id, frame: place.frame)
                anchor.say { _ in }
            }
        case .setBox(let place, let box, let base):
            if let box { try limits.check(box) }
            try change(place, base, limits) { _, anchor in anchor.say { $0.box = box } }
        case .addStroke(let place, let stroke, let base):
            try limits.check(stroke)
            try change(place, base, limits) { _, anchor in anchor.strokes.append(stroke) }
        case .setMask(let place, let mask):
            if let mask { try limits.check(mask) }
            // A mask says all there is to say; clicks made after it refine it.
            try change(place, nil, limits) { _, anchor in
                anchor = ObjectAnchor()
                anchor.mask = mask
            }
        case .choose(let place, let candidate):
            if let candidate { try limits.check(candidate.mask) }
            try change(place, nil, limits) { object, anchor in
                guard !anchor.isEmpty else { throw SessionError.noAnchor(object: object.id, frame: place.frame) }
                (anchor.choice, anchor.refinesChoice) = (candidate, false)
            }
        case .clearAnchor(let place):
            try change(place, nil, limits) { object, anchor in
                guard object.anchors[place.frame] != nil else { throw SessionError.noAnchor(object: object.id, frame: place.frame) }
                anchor = ObjectAnchor()
            }
        default: break
        }
    }

    private mutating func change(
        _ place: AnchorPlace, _ base: CorrectionBase?, _ limits: SessionLimits,
        _ body: (inout SessionObject, inout ObjectAnchor) throws -> Void
    ) throws {
        try limits.check(frame: place.frame)
        try change(place.object) { object in
            var anchor = object.anchors[place.frame] ?? ObjectAnchor()
            if anchor.base == nil { anchor.base = base }
            try body(&object, &anchor)
            anchor.updateDigest()
            object.anchors[place.frame] = anchor.isEmpty ? nil : anchor
            if object.queryFrame == nil || object.anchors[object.queryFrame ?? 0] == nil {
                object.queryFrame = object.anchors[place.frame] != nil ? place.frame : object.anchors.keys.min()
            }
        }
    }

    /// The results that a propagation is to give, for the objects that are still there.
    private mutating func take(_ propagation: Propagation) {
        guard let plan = propagation.plan else { return }
        for place in objects.indices {
            let spans = plan.spans.filter { $0.object == objects[place].id }
            guard !spans.isEmpty else { continue }
            let object = objects[place]
            objects[place].results.policy = propagation.policy
            objects[place].results.spans += spans.map { ResultSpan(span: $0, of: object, propagation.policy) }
        }
    }
}

extension ObjectAnchor {
    /// Something new is said: a chosen candidate is no longer all of it.
    fileprivate mutating func say(_ body: (inout ObjectAnchor) -> Void) {
        body(&self)
        if choice != nil { refinesChoice = true }
    }

    /// Takes a tracked point out of what the anchor started from.
    fileprivate mutating func take(_ track: Int, object: ObjectID, frame: Int) throws -> PromptPoint {
        guard let index = base?.points.firstIndex(where: { $0.id == track }), let point = base?.points.remove(at: index) else {
            throw SessionError.unknownTrack(track, object: object, frame: frame)
        }
        removedTracks.append(track)
        return point
    }
}
