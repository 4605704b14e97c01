/// Fills in the numbers of new objects and points.
struct EditNumbering: Sendable {
    private(set) var nextObject = 1

    /// - Parameter state: before the edit.
    func numbered(_ edit: Edit, _ state: SessionState) -> Edit {
        switch edit {
        case .addObject(nil, let name, let color, let category):
            .addObject(object: nextObject, name: name, color: color, category: category)
        case .addPoint(let place, nil, let position, let isPositive, let base):
            .addPoint(
                place, point: state.object(place.object)?.nextPoint ?? 1, position: position, isPositive: isPositive, base: base)
        default: edit
        }
    }

    /// Takes note of an edit that was taken: numbers are not used twice.
    mutating func note(_ edit: Edit) {
        if case .addObject(let object?, _, _, _) = edit { nextObject = max(nextObject, object + 1) }
    }
}
