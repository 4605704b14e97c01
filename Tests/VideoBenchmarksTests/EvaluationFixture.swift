import Foundation
import TestSupport
import Testing
import VideoBenchmarks

/// Expected numbers as the reference programs gave them, read without knowing how many there are or what they are called.
struct EvaluationFixture {
    let folder: URL
    let root: [String: Any]

    init(_ name: String, _ file: String = "expected.json") throws {
        folder = Fixtures.evaluation.appendingPathComponent(name)
        root = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent(file))) as? [String: Any])
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func masks(_ name: String) throws -> MaskFolder { try MaskFolder(path(name)) }

    subscript(_ keys: String...) -> Any? {
        keys.reduce(root as Any?) { ($0 as? [String: Any])?[$1] }
    }
}

/// A number of a fixture; null stands for NaN.
func number(_ value: Any?) -> Double { (value as? NSNumber)?.doubleValue ?? .nan }

/// A whole number of a fixture, also one that is written as text.
func integer(_ value: Any?) throws -> Int { try #require((value as? NSNumber)?.intValue ?? (value as? String).flatMap { Int($0) }) }

/// The score of an object that must be there.
func scored(_ score: ObjectScore?) throws -> ObjectScore { try #require(score) }

func numbers(_ value: Any?) -> [Double] { (value as? [Any])?.map { number($0) } ?? [] }

func isEqual(_ a: Double, _ b: Double) -> Bool { a.isNaN || b.isNaN ? a.isNaN && b.isNaN : abs(a - b) <= 1e-9 }

func isEqual(_ a: [Double], _ b: [Double]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { isEqual($0, $1) } }

extension ScoreReport {
    func object(_ sequence: String, _ id: Int) -> ObjectScore? { objects.first { $0.sequence == sequence && $0.object == id } }
}

extension ObjectScore {
    /// Whether the statistics are those of a fixture's entry with `J_mean`, `J_recall` and so on.
    func equals(_ entry: [String: Any]) -> Bool {
        isEqual(j.mean, number(entry["J_mean"])) && isEqual(j.recall, number(entry["J_recall"]))
            && isEqual(j.decay, number(entry["J_decay"]))
            && isEqual(f.mean, number(entry["F_mean"])) && isEqual(f.recall, number(entry["F_recall"]))
            && isEqual(f.decay, number(entry["F_decay"]))
    }
}

extension ScoreReport.Means {
    func equals(_ entry: [String: Any]) -> Bool {
        isEqual(j, number(entry["J_mean"])) && isEqual(jRecall, number(entry["J_recall"])) && isEqual(jDecay, number(entry["J_decay"]))
            && isEqual(f, number(entry["F_mean"])) && isEqual(fRecall, number(entry["F_recall"]))
            && isEqual(fDecay, number(entry["F_decay"])) && isEqual(jf, number(entry["JF_mean"]))
    }
}
