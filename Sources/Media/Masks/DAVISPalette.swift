/// The 256 colours of DAVIS's annotations (those of PASCAL VOC): bits 0, 3, 6 of the index go to red from its highest bit down,
/// bits 1, 4, 7 to green, bits 2, 5 to blue.
public let davisPalette: [(red: UInt8, green: UInt8, blue: UInt8)] = (0..<256).map { index in
    var color = (red: 0, green: 0, blue: 0)
    for level in 0..<8 {
        let bits = index >> (3 * level)
        color.red |= (bits & 1) << (7 - level)
        color.green |= (bits >> 1 & 1) << (7 - level)
        color.blue |= (bits >> 2 & 1) << (7 - level)
    }
    return (UInt8(color.red), UInt8(color.green), UInt8(color.blue))
}
