/// The data sets that are known by name, each with a reader of its own.
public enum DatasetKind: String, Sendable, CaseIterable {
    case davis2016
    case davis2017
    case davis2017TestDev = "davis2017-test-dev"
    case youTubeVOS2018 = "youtube-vos-2018"
    case youTubeVOS2019 = "youtube-vos-2019"
    case mose
    case bdd100k
    case saV = "sa-v"
    case lvos
    /// Any folder with `JPEGImages` and `Annotations`.
    case folder

    /// Where a data set lies, and which part of it is meant.
    public struct Location: Sendable, Equatable {
        public var root: String
        /// "val", "test", ...; nil: the one that is usual for the data set.
        public var split: String?
        /// A file that lists the videos, in place of the data set's own.
        public var list: String?
        /// With frames or masks at several sizes, the folder of the one that is meant; DAVIS: 480p.
        public var resolution: String?
        /// With YouTube-VOS: a JSON file of seen and unseen categories.
        public var categories: String?
        /// Where complete truth lies, when it is not in the data set's folder. With a resolution, masks are written at the truth's size.
        public var truth: String?

        public init(
            root: String, split: String? = nil, list: String? = nil, resolution: String? = nil, categories: String? = nil,
            truth: String? = nil
        ) {
            (self.root, self.split, self.list, self.resolution) = (root, split, list, resolution)
            (self.categories, self.truth) = (categories, truth)
        }

        func names() throws -> SequenceList? { try list.map { try SequenceList(path: $0) } }
    }

    /// - Throws: `MediaError`, `DatasetError`, `VideoNameError`, `ScoringError.invalidMeta` for what is not as the data set should be.
    public func read(_ location: Location) throws -> VideoDataset {
        var dataset = try folders(location)
        if location.resolution != nil, let truth = location.truth { dataset.writeMasks(atSizeOf: truth) }
        return dataset
    }

    private func folders(_ location: Location) throws -> VideoDataset {
        switch self {
        case .davis2016: try VideoDataset.davis2016(location)
        case .davis2017: try VideoDataset.davis2017(location, isTest: false)
        case .davis2017TestDev: try VideoDataset.davis2017(location, isTest: true)
        case .youTubeVOS2018, .youTubeVOS2019: try VideoDataset.youTubeVOS(location, name: rawValue)
        case .mose: try VideoDataset.mose(location)
        case .bdd100k: try VideoDataset.bdd100k(location)
        case .saV: try VideoDataset.saV(location)
        case .lvos: try VideoDataset.lvos(location)
        case .folder: try VideoDataset.folder(location)
        }
    }
}
