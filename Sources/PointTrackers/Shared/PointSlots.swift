/// Point counts that networks are compiled for: few, because every one takes memory for its weights and time to compile.
enum PointSlots {
    /// The least such count that is at least `count`: multiples of 16 up to 128, of 32 up to 256, of 64 up to 512, then
    /// of 256.
    static func slots(for count: Int) -> Int {
        let step =
            switch count {
            case ...128: 16
            case ...256: 32
            case ...512: 64
            default: 256
            }
        return max(16, (count + step - 1) / step * step)
    }

    /// The same with multiples of 8 up to 256: for networks whose time is all arithmetic, in proportion to the points.
    static func closeSlots(for count: Int) -> Int { count <= 256 ? max(8, (count + 7) / 8 * 8) : slots(for: count) }

    /// The same with multiples of 8 up to 64: for networks whose time grows with every point, and that are compiled for few counts.
    static func fineSlots(for count: Int) -> Int { count <= 64 ? max(8, (count + 7) / 8 * 8) : slots(for: count) }
}
