import GRDB
func a() {}
