import Foundation
import ModelStore
import PointTrackers
import Segmenters
import TestSupport
import Testing

@testable import SegmentationJobs

@Suite("One table of trackers and one of segmenters")
struct ModelFamilyTests {
    @Test("Every published checkpoint is in exactly one family, and every name in a family is published")
    func catalogue() {
        let models = ModelCatalogue.published.models
        let trackers = TrackerFamily.all.flatMap(\.published)
        let segmenters = SegmenterFamily.all.flatMap { $0.published.map(\.name) }
        #expect(trackers.sorted() == models.filter { $0.kind == .tracker }.map(\.name).sorted())
        #expect(segmenters.sorted() == models.filter { $0.kind == .segmenter }.map(\.name).sorted())
        #expect(Set(trackers).count == trackers.count && Set(segmenters).count == segmenters.count)
    }

    @Test("Names are a family's own, and each can be asked for")
    func names() throws {
        #expect(Set(TrackerFamily.all.map(\.name)).count == TrackerFamily.all.count)
        #expect(Set(SegmenterFamily.all.map(\.name)).count == SegmenterFamily.all.count)
        for family in TrackerFamily.all where family.isBuiltIn {
            #expect(try ModelChoice.tracker(family.name).builtInTracker == family)
            #expect(try ModelChoice.tracker(family.name).weights() == nil)
        }
        for name in ModelChoice.networkNames {
            guard case .published(let file) = try ModelChoice.tracker(name) else {
                Issue.record("\(name) is no published tracker")
                continue
            }
            #expect(TrackerFamily(published: file)?.name == name)
        }
        #expect(try ModelChoice.segmenter("nano") == .nanoSegmenter)
        #expect(ModelChoice.networkNames == ["cotracker", "pips", "pips++", "raft", "tapir", "tapnet", "superglue"])
    }

    @Test("Sentences made of the tables")
    func sentences() {
        #expect(TrackerFamily.causalNames == "nano, lucas-kanade, raft or superglue")
        #expect(SegmenterFamily.learned(joinedBy: "and") == "SAM, HQ-SAM, MobileSAM and Light HQ-SAM")
        #expect(SegmenterFamily.abilities(of: "nano") == .appearanceMemory)
        for name in ["mobile-sam", "hq-sam-vit-h", "my/file.pth"] {
            #expect(SegmenterFamily.abilities(of: name) == [.boxes, .candidates], "\(name)")
        }
        #expect(LucasKanadeTracker().isCausal && LucasKanadeTracker().name == "lucas-kanade")
    }

    @Test("The guides name every family and every published checkpoint", arguments: ["docs/cli.md", "README.md"])
    func guides(file: String) throws {
        let text = try String(contentsOf: Fixtures.packageRoot.appendingPathComponent(file), encoding: .utf8)
        for family in TrackerFamily.all where family.isTracker && !family.isBuiltIn {
            // "CoTracker 1 to 3" stands for three.
            let word = family.title.split(separator: " ")[0]
            #expect(text.contains(word), "\(file) does not name \(family.title)")
        }
        for family in SegmenterFamily.all { #expect(text.contains(family.title), "\(file) does not name \(family.title)") }
    }
}
