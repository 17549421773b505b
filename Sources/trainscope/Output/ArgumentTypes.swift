import ArgumentParser
import Catalog

extension ExportOptions.Format: ExpressibleByArgument {}
extension BranchSelection: ExpressibleByArgument {}
extension PointMatch: ExpressibleByArgument {}
extension SeriesAxis: ExpressibleByArgument {}

extension Smoothing: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
