import ArgumentParser
import Catalog

extension ExportOptions.Format: ExpressibleByArgument {}
extension BranchSelection: ExpressibleByArgument {}
