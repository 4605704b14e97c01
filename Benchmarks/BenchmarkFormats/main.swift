import Foundation
import MaskFormats
import Media

// benchmark-formats FORMAT FRAMES FOLDER: writes made-up frames of 854x480 with three objects into FOLDER, one by one, and reads them again
// where the format is read. Prints time and the process's peak memory after each.

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

private let size = ImageSize(width: 854, height: 480)

/// Disks that move and change.
private func frame(_ number: Int, hasPicture: Bool) -> MaskFrame {
    let objects = (1...3).map { id in
        var mask = Mask(size: size)
        let (x, y) = (120 * id + number % 300, 100 + (number / 7 + 70 * id) % 260)
        let radius = 40 + 10 * id + number % 11
        for row in max(0, y - radius)...min(size.height - 1, y + radius) {
            let half = Int(Double(radius * radius - (row - y) * (row - y)).squareRoot())
            guard x - half < size.width else { continue }
            for column in max(0, x - half)...min(size.width - 1, x + half) { mask[column, row] = true }
        }
        return ObjectMask(AnnotatedObject(id: id), mask: RunLengthMask(mask), score: 0.5)
    }
    let level = UInt8(truncatingIfNeeded: number)
    return MaskFrame(number: number, objects: objects, picture: hasPicture ? RGBImage(width: 854, height: 480, red: level) : nil)
}

private func run() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let count = Int(arguments[2]), count > 0 else {
        print("usage: benchmark-formats FORMAT FRAMES FOLDER")
        exit(64)
    }
    let format = try MaskFormat(name: arguments[1])
    var path = arguments[3] + "/" + format.name
    if case .file(let extensions) = format.description.form { path += "." + (extensions.first ?? "") }
    var start = ContinuousClock.now
    let writer = try format.writer(at: path, clip: MaskClip(name: "made-up", size: size))
    for number in 0..<count { try writer.append(frame(number, hasPicture: format.needsPictures)) }
    try writer.finish()
    print("\(format.name): \(count) frames written in \(ContinuousClock.now - start), peak memory \(peakMemory()) MiB")
    guard format.description.isReadable else { return }
    start = .now
    let reader = try format.reader(at: path)
    var area = 0
    for position in 0..<reader.frameCount { area += try reader.frame(at: position).objects.reduce(0) { $0 + $1.mask.area } }
    print(
        "\(format.name): \(reader.frameCount) frames read in \(ContinuousClock.now - start), peak memory \(peakMemory()) MiB, \(area) pixels"
    )
}

do { try run() } catch {
    print("\(error)")
    exit(1)
}
