import Foundation
import MaskFormats
import Media

// benchmark-formats write|read FORMAT FRAMES FOLDER [WIDTH HEIGHT]: writes made-up frames with three objects into FOLDER, one by one, or
// reads what was written. Prints seconds and the process's peak memory in MiB (Benchmarks/formats.sh).

/// In MiB.
private func peakMemory() -> Int {
    var usage = rusage()
    #if os(Linux)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) >> 10
    #else
        getrusage(RUSAGE_SELF, &usage)
        return Int(usage.ru_maxrss) >> 20
    #endif
}

/// Disks that move and change.
private func frame(_ number: Int, _ size: ImageSize, hasPicture: Bool) -> MaskFrame {
    let objects = (1...3).map { id in
        var mask = Mask(size: size)
        let (x, y) = ((size.width / 7 * id + number) % size.width, (size.height / 5 * id + number / 7) % size.height)
        let radius = size.height / 12 + 10 * id + number % 11
        for row in max(0, y - radius)..<min(size.height, y + radius + 1) {
            let half = Int(Double(radius * radius - (row - y) * (row - y)).squareRoot())
            for column in max(0, x - half)..<min(size.width, x + half + 1) { mask[column, row] = true }
        }
        return ObjectMask(AnnotatedObject(id: id), mask: RunLengthMask(mask), score: 0.5)
    }
    let level = UInt8(truncatingIfNeeded: number)
    return MaskFrame(
        number: number, objects: objects, picture: hasPicture ? RGBImage(width: size.width, height: size.height, red: level) : nil)
}

private func run() throws {
    let arguments = CommandLine.arguments
    guard [5, 7].contains(arguments.count), ["write", "read"].contains(arguments[1]), let count = Int(arguments[3]), count > 0,
        let size = arguments.count == 5
            ? ImageSize(width: 854, height: 480)
            : Int(arguments[5]).flatMap({ width in Int(arguments[6]).map { ImageSize(width: width, height: $0) } })
    else {
        print("usage: benchmark-formats write|read FORMAT FRAMES FOLDER [WIDTH HEIGHT]")
        exit(64)
    }
    let format = try MaskFormat(name: arguments[2])
    var path = arguments[4] + "/" + format.name
    if case .file(let extensions) = format.description.form { path += "." + (extensions.first ?? "") }
    let start = ContinuousClock.now
    if arguments[1] == "write" {
        let writer = try format.writer(at: path, clip: MaskClip(name: "made-up", size: size))
        for number in 0..<count { try writer.append(frame(number, size, hasPicture: format.needsPictures)) }
        try writer.finish()
    } else {
        guard format.description.isReadable else { return }
        let reader = try format.reader(at: path)
        for position in 0..<reader.frameCount { _ = try reader.frame(at: position) }
    }
    print((ContinuousClock.now - start) / .seconds(1), peakMemory())
}

do { try run() } catch {
    print("\(error)")
    exit(1)
}
