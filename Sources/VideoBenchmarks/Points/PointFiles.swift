import Support

/// The files that scores of points are made from, by names, sizes and times of change, so that scores of other ones are not taken for
/// theirs.
public struct PointFiles: Sendable {
    /// The data set: a file, or a folder with shards or `tracks.json`; nil: it has none.
    public var dataset: String?
    /// Where the tracks lie that are scored; nil: a tracker makes them.
    public var results: PointResults?

    public init(dataset: String?, results: PointResults? = nil) { (self.dataset, self.results) = (dataset, results) }

    /// Of the data set and of the tracks of a video.
    /// - Returns: nil where there is no file.
    public func fingerprint(of video: String) -> String? {
        guard dataset != nil || results != nil else { return nil }
        var fingerprint = DataFingerprint()
        if let dataset {
            fingerprint.addFile(dataset)
            let shards = ((try? FolderListing.names(dataset, pathExtensions: ["pkl"])) ?? []).sorted()
            for name in ["tracks.json"] + shards { fingerprint.addFile(dataset + "/" + name) }
        }
        // A name that is none has no tracks either.
        if let results { fingerprint.addFile((try? results.file(of: video)) ?? "") }
        return fingerprint.text
    }
}
