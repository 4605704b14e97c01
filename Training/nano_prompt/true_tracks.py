"""Where any point of a clip of nano_track/clips.py truly is in its other frames."""

import numpy as np


class TrueTracks:
    """sheets, parts: of a clip (Scenes.make); reverse: whether its frames are taken from the last to the first"""

    def __init__(self, sheets, parts, reverse):
        self.sheets = {s.part: s for s in sheets}
        for s in sheets:
            s.pyr = []  # its picture is drawn
        self.parts, self.reverse = parts, reverse

    def anchors(self, xy, t):
        """what is at points N,2 (pixel centres at +0.5) in frame t: the numbers of the parts, N, and places on them, N,2"""
        t = self.at(t)
        h, w = self.parts.shape[1:]
        p = xy.astype(np.float64) - 0.5
        column, row = np.clip(np.round(p).astype(int), 0, [w - 1, h - 1]).T
        part = self.parts[t, row, column].astype(int)
        place = np.zeros_like(p)
        for k in np.unique(part):
            place[part == k] = self.sheets[k].inverse(p[part == k], t)
        return part, place

    def positions(self, part, place, t):
        """where anchors are in frame t (N,2) and whether they are seen (N)"""
        t = self.at(t)
        h, w = self.parts.shape[1:]
        p, seen = np.zeros_like(place), np.zeros(len(part), bool)
        for k in np.unique(part):
            p[part == k], seen[part == k] = self.sheets[k].forward(place[part == k], t)
        p = np.clip(p, [-4 * w, -4 * h], [5 * w, 5 * h])
        column, row = np.round(p).astype(int).T
        seen &= (column >= 0) & (column < w) & (row >= 0) & (row < h)
        seen[seen] = self.parts[t, row[seen], column[seen]] == part[seen]
        return (p + 0.5).astype(np.float32), seen

    def at(self, t):
        return len(self.parts) - 1 - t if self.reverse else t
