/// How query points are chosen on a mask.
public enum PointSelectionMethod: String, Sendable, CaseIterable, Codable {
    /// Uniformly.
    case random
    /// Spread evenly over the mask.
    case kMedoids = "kmedoids"
    /// On corners that are good to track, filled up with medoids.
    case shiTomasi = "shi-tomasi"
    /// A quarter medoids, a third corners, the rest random.
    case mixed
    /// Evenly spaced in the order of reading, row by row: nothing is random, and the points can be checked with pencil and paper.
    case even
}

/// Where negative points are sampled.
public enum NegativeRegion: String, Sendable, CaseIterable, Codable {
    /// In a ring around the object, where mistakes happen.
    case surroundings
    /// Anywhere outside the object, as in the reference.
    case background
}
